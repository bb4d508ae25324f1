import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the app in the README's section "Install". */
export function readmeApp(): string {
  const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8');
  const [, code] = /\n## Install\n.*?```ts\n(.*?)\n```/s.exec(readme)!;
  return code!;
}
