// `npm run build`: compiles lib/ and migrations/ to dist/, and copies the files that browsers load. The tarball contains dist/.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('.', import.meta.url)));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

// Without this, a renamed file would stay in the tarball under its old name.
rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });

// Style and script of the pages, which browsers load as they are.
cpSync('lib/pages/assets', 'dist/lib/pages/assets', { recursive: true });

// Knex runs every file in the folder of migrations, also a .d.ts file.
for (const file of readdirSync('dist/migrations')) {
  if (file.endsWith('.d.ts')) rmSync(join('dist/migrations', file));
}
