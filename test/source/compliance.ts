import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

import { PRESET_NAMES, PRESETS, type Limit } from '../../lib/options/presets';
import { CHAPTERS, type Chapter, type Item } from './compliance-items';
import { sourcesIn, PROJECT, type Source } from './sources';
import { nodesOf, parsed } from './syntax';

/** A test that proves an item. */
export interface Proof {
  readonly item: string;
  readonly path: string;
  readonly title: string;
}

/** Returns the proofs in a file: its calls `satisfies('title', 'item', …)`. */
export function proofsIn(source: Source): Proof[] {
  return nodesOf(parsed(source))
    .filter(ts.isCallExpression)
    .filter(({ expression }) => expression.getText() === 'satisfies')
    .flatMap(({ arguments: [title, ...items] }) =>
      items.map((item) => ({ item: textOf(item), path: source.path, title: textOf(title!) })),
    );
}

function textOf(node: ts.Expression): string {
  if (ts.isStringLiteralLike(node)) return node.text;
  throw new TypeError(`${node.getText()} must be a text, so that the page can list it`);
}

/** The proofs in all tests. */
export function allProofs(): Proof[] {
  return sourcesIn('test')
    .filter(
      ({ path, text }) => /\.(test|browser)\.ts$|contract\.ts$/.test(path) && text.includes('satisfies('),
    )
    .filter(({ path }) => !path.startsWith('test/source/'))
    .flatMap(proofsIn);
}

/** Returns the page `docs/compliance.md`. */
export function compliancePage(proofs: readonly Proof[]): string {
  return [
    INTRODUCTION,
    '## Presets',
    '',
    ...presetTable(),
    '',
    PRESET_NOTES,
    ...CHAPTERS.flatMap((chapter) => chapterLines(chapter, proofs)),
  ].join('\n');
}

function presetTable(): string[] {
  const cell = (limit?: Limit) => (limit === undefined ? '—' : `${String(limit.time)} (${limit.clause})`);
  return [
    '| preset | idle | absolute | recency |',
    '|---|---|---|---|',
    ...PRESET_NAMES.map((name) => {
      const { idle, absolute, recency } = PRESETS[name];
      return `| \`${name}\` | ${cell(idle)} | ${cell(absolute)} | ${cell(recency)} |`;
    }),
  ];
}

function chapterLines({ title, items }: Chapter, proofs: readonly Proof[]): string[] {
  return [
    `## ${title}`,
    '',
    '| item | level | requirement | this package | your app | tests |',
    '|---|---|---|---|---|---|',
    ...items.map((item) => `| ${cellsOf(item, proofs).join(' | ')} |`),
    '',
    ...items.flatMap((item) => proofLines(item, proofs)),
  ];
}

function cellsOf(
  { id, level, requirement, done = '—', left = '—' }: Item,
  proofs: readonly Proof[],
): string[] {
  const count = proofs.filter(({ item }) => item === id).length;
  return [id, level, requirement, done, left, count === 0 ? '—' : String(count)];
}

/** Lists the tests of an item, with the files in which they are. */
function proofLines({ id }: Item, proofs: readonly Proof[]): string[] {
  const own = proofs.filter(({ item }) => item === id);
  if (own.length === 0) return [];
  const files = [...new Set(own.map(({ path }) => path))];
  return [
    `**${id}**`,
    '',
    ...files.flatMap((file) => [
      `- \`${file}\``,
      ...own.filter(({ path }) => path === file).map(({ title }) => `  - ${markdown(title)}`),
    ]),
    '',
  ];
}

/** Returns a text in which no character has a meaning in Markdown. */
function markdown(text: string): string {
  return text.replaceAll(/[<>|*_]/g, '\\$&');
}

/** Returns the page as it is written. */
export function writtenPage(): string {
  return readFileSync(join(PROJECT, 'docs/compliance.md'), 'utf8');
}

const INTRODUCTION = `# Compliance

This page lists the items of two standards that concern sessions: OWASP ASVS 5.0, chapters V7 and V3, and NIST SP 800-63B-4, section 5.
For each item it says what this package does, which part remains for your app, and which tests prove it. The requirements are
shortened; the standards decide. The page is about REST and the pages of this package. The
[Open-Xchange protocol](open-xchange.md) cannot meet some of these items.

The page is generated from the tests. A test names its items with \`satisfies\`, and another test compares this page with them.
\`test/asvs-l2.test.ts\` runs an app with REST and the preset \`asvs-l2\`.
\`npm run compliance\` writes it again.
`;

const PRESET_NOTES = `\`createIdentitySessionManager({ knex, preset: 'asvs-l2' })\` sets these limits. Options may set shorter times. If an option sets a longer
one, or switches a limit off, the manager is not built, and the message names the clause. Without a preset, no absolute timeout is set.

- The idle limit is that of \`shortLifetime\` and \`longLifetime\`, so that it also applies to sessions that stay signed in, and to the idle
  timeout that an administrator sets.
- The absolute limit is that of \`absoluteLifetime\`. It counts from the last authentication.
- The recency limit is that of \`recency\`: [other sessions](recent-authentication.md#before-other-sessions-are-ended) are ended, and
  \`requireRecent\` accepts requests, only within this time after an authentication.
- ASVS sets no times. It asks for documented ones that do not deviate from NIST without a reason, so its levels have the limits of NIST's.
  Neither standard sets a recency limit. It is the idle limit of the same level here: after this time, a session counts as left
  alone.
`;
