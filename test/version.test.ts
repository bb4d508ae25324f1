import packageJson from '../package.json';
import { VERSION } from '../lib/version';

it('VERSION is the version in package.json', () => {
  expect(VERSION).toBe(packageJson.version);
});
