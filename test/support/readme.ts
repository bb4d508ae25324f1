import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The first example of the README: how an app mounts the package. */
export function mountExample(): string {
  const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8');
  const [, example] = /## Mount it in your app\n.*?```ts\n(.*?)\n```/s.exec(readme)!;
  return example!;
}
