/**
 * Plants a bug in a node, so that the fault matrix can prove that the checker finds it. A node that is to have a bug
 * preloads this file. The environment variable `FAULTS_PLANTED` names the bug, and the package's source is changed while
 * it is loaded.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'sucrase';

interface Bug {
  /** The path of the source file, relative to the project's folder. */
  readonly file: string;
  /** Matches the piece of source to replace. It must match exactly once. */
  readonly find: RegExp;
  /** The replacement, with the patterns of `String.prototype.replace`, such as `$&`. */
  readonly replace: string;
}

/** Each pattern is as short as it can be while it matches once, so that rewording the source does not break it. */
export const BUGS = {
  'lease extended by a hit': {
    file: 'lib/changes/changes.ts',
    find: /get trusted\(.*\{/,
    replace: `$& const { clock, lease } = this.#options;
      if (clock.monotonic() < this.#trustedUntil) this.#trustedUntil = clock.monotonic() + lease;`,
  },
  'lease counted from the answer': {
    file: 'lib/changes/changes.ts',
    find: /(?<=#trustedUntil = )\w+(?= \+)/,
    replace: 'this.#options.clock.monotonic()',
  },
  'result of a cancelled read cached': {
    file: 'lib/store/cached.ts',
    find: /if \(.* !== flight\) return session;/,
    replace: '',
  },
  'older read joined': {
    file: 'lib/store/cached.ts',
    find: / && .*\bstarted < .*\blease/,
    replace: '',
  },
  'changes ignored': {
    file: 'lib/store/cached.ts',
    find: /\bfollower\.subscribe(?=\()/,
    replace: 'Boolean',
  },
  'own revocation not applied to the cache': {
    file: 'lib/store/cached.ts',
    find: /const ending = await .*\[which\], (.*)\);/,
    replace: 'const ending = await $1;',
  },
  'outage reported as an end': {
    file: 'lib/database/failures.ts',
    find: /(?<=\()'store-unavailable'/,
    replace: "'session-ended'",
  },
  'last touches not written': {
    file: 'lib/store/buffered.ts',
    find: /< LAST_ATTEMPTS\b/,
    replace: '< 0',
  },
  'no lock on sign-in': {
    file: 'lib/store/postgres/credential-changes.ts',
    find: /7_201_975/,
    replace: 'Math.trunc(Math.random() * 1e9)',
  },
  'absent ids never evicted': {
    file: 'lib/store/absent-ids.ts',
    find: /size > MOST\b/,
    replace: 'size < 0',
  },
  'touches collected without limit': {
    file: 'lib/store/buffered.ts',
    find: />= MOST_WAITING\b/,
    replace: '< 0',
  },
  'earlier secret taken for a reused one': {
    file: 'lib/session/secret-rotation.ts',
    find: /(?<=return )'earlier'(?=;)/,
    replace: "'reused'",
  },
  'reused secret accepted': {
    file: 'lib/session/secret-rotation.ts',
    find: /(?<=return )'reused'(?=;)/,
    replace: "'earlier'",
  },
  'theft ends nothing': {
    file: 'lib/manager/thefts.ts',
    find: /\bawait end\(session\)/,
    replace: 'false',
  },
} as const satisfies Readonly<Record<string, Bug>>;

export type BugName = keyof typeof BUGS;

/**
 * Returns the source with the bug in it.
 * @throws `Error` if the pattern does not match exactly once.
 */
export function withBug(source: string, { file, find, replace }: Bug): string {
  const matches = [...source.matchAll(new RegExp(find, 'g'))].length;
  if (matches !== 1) {
    throw new Error(`${find} must match ${file} exactly once, but matches ${matches} times: adapt the bug`);
  }
  return source.replace(find, replace);
}

/** Compiles TypeScript to the JavaScript that Node runs. */
export function compiled(source: string, path: string): string {
  return transform(source, { transforms: ['typescript', 'imports'], filePath: path }).code;
}

/** The undocumented function of Node that runs the source of a module. */
interface Loading {
  _compile(code: string, file: string): void;
}

function plant(bug: Bug): void {
  const path = join(__dirname, '../..', bug.file);
  const load = require.extensions['.ts']!;
  require.extensions['.ts'] = (module, name) => {
    if (name !== path) return load(module, name);
    const source = withBug(readFileSync(path, 'utf8'), bug);
    (module as unknown as Loading)._compile(compiled(source, path), path);
  };
}

const planted = process.env['FAULTS_PLANTED'] as BugName | undefined;
if (planted) plant(BUGS[planted]);
