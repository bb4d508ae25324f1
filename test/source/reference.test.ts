import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { PROJECT } from './sources';

/** Runs typedoc without writing files, and returns its warnings and errors. */
async function problemsOf(...options: string[]): Promise<string[]> {
  const typedoc = join(PROJECT, 'node_modules/typedoc/bin/typedoc');
  const args = [typedoc, '--emit', 'none', ...options];
  const run = promisify(execFile)(process.execPath, args, {
    cwd: PROJECT,
    env: { ...process.env, NO_COLOR: '1' },
  });
  const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
  const lines = `${stdout}${stderr}`.split('\n');
  return lines.filter((line) => /^\[(warning|error)\](?! Found \d+ errors and \d+ warnings)/.test(line));
}

describe('the API reference', () => {
  it('is built without warnings', async () => {
    expect(await problemsOf()).toEqual([]);
  }, 120_000);

  it('warns about missing comments, dead links and types that are not exported', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reference-'));
    try {
      const file = join(folder, 'sample.ts');
      writeFileSync(
        file,
        `interface Hidden { readonly a: string }
         /** Links to {@link nowhere}. */
         export function documented(given: Hidden): void { void given; }
         export const undocumented = 1;`,
      );
      writeFileSync(
        join(folder, 'tsconfig.json'),
        '{ "compilerOptions": { "types": [] }, "files": ["sample.ts"] }',
      );
      const problems = await problemsOf('--entryPoints', file, '--tsconfig', join(folder, 'tsconfig.json'));
      expect(problems).toEqual([
        expect.stringContaining('Hidden'),
        expect.stringContaining('undocumented'),
        expect.stringContaining('nowhere'),
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 60_000);
});
