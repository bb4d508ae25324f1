import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { PROJECT } from './sources';

const TYPEDOC = join(PROJECT, 'node_modules/typedoc/bin/typedoc');

let output: string;

beforeAll(() => {
  output = mkdtempSync(join(tmpdir(), 'reference-'));
});
afterAll(() => rmSync(output, { recursive: true }));

/** Runs typedoc in the folder, and returns its warnings and errors. */
async function problemsIn(folder: string): Promise<string[]> {
  const options = { cwd: folder, env: { ...process.env, NO_COLOR: '1' } };
  const run = promisify(execFile)(process.execPath, [TYPEDOC, '--out', join(output, 'api')], options);
  const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
  const lines = `${stdout}${stderr}`.split('\n');
  return lines.filter((line) => /^\[(warning|error)\](?! Found \d+ errors and \d+ warnings)/.test(line));
}

/** A module with a type that is not exported, an export without a comment, and a link that leads nowhere. */
const SAMPLE = `
  interface Hidden { readonly a: string }
  /** Links to {@link nowhere}. */
  export function documented(given: Hidden): void { void given; }
  export const undocumented = 1;`;

describe('the API reference', () => {
  jest.setTimeout(120_000);

  it('is built without warnings', async () => {
    expect(await problemsIn(PROJECT)).toEqual([]);
  });

  it('warns about missing comments, dead links and types that are not exported', async () => {
    const files = {
      'sample.ts': SAMPLE,
      'package.json': '{ "name": "sample" }',
      'tsconfig.json': '{ "compilerOptions": { "types": [] }, "files": ["sample.ts"] }',
      'typedoc.json': JSON.stringify({
        extends: [join(PROJECT, 'typedoc.config.mjs')],
        tsconfig: 'tsconfig.json',
        entryPoints: ['sample.ts'],
        projectDocuments: [],
        intentionallyNotDocumented: [],
        intentionallyNotExported: [],
      }),
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(output, name), text);
    const problems = await problemsIn(output);
    for (const symbol of ['Hidden', 'undocumented', 'nowhere']) {
      expect(problems).toContainEqual(expect.stringContaining(symbol));
    }
  });
});
