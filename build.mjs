// Builds dist/, which is all that the tarball holds: `npm run build`.
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('.', import.meta.url)));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

// A file that was renamed must not live on in the tarball.
rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });

// Knex takes every file it finds beside a migration for a migration, a .d.ts too.
for (const file of readdirSync('dist/migrations')) {
  if (file.endsWith('.d.ts')) rmSync(join('dist/migrations', file));
}
