/**
 * Preloaded into a node that is to have a bug: the source of the package is changed while it is read, so that the checker
 * can be seen to find what it is there for. Which bug, `FAULTS_PLANTED` says.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'sucrase';

interface Bug {
  readonly file: string;
  readonly instead: string;
  readonly of: string;
}

/** Each replaces a piece of source that must be there exactly once: a bug that fits no more is a mistake here. */
export const BUGS = {
  'lease extended by a hit': {
    file: 'lib/changes/changes.ts',
    of: 'return this.#options.clock.monotonic() < this.#trustedUntil;',
    instead: `
      const now = this.#options.clock.monotonic();
      if (now >= this.#trustedUntil) return false;
      this.#trustedUntil = now + this.#options.lease;
      return true;`,
  },
  'lease counted from the answer': {
    file: 'lib/changes/changes.ts',
    of: 'this.#trustedUntil = sent + lease;',
    instead: 'this.#trustedUntil = clock.monotonic() + lease;',
  },
  'late landing kept': {
    file: 'lib/store/cached.ts',
    of: 'if (session !== undefined && this.#flights.get(id) === flight) this.#keep(session);',
    instead: 'if (session !== undefined) this.#keep(session);',
  },
  'older flight joined': {
    file: 'lib/store/cached.ts',
    of: 'if (underway !== undefined && this.#clock.monotonic() - underway.started < this.#follower.lease) {',
    instead: 'if (underway !== undefined) {',
  },
  'changes ignored': {
    file: 'lib/store/cached.ts',
    of: 'follower.subscribe((change) => this.#apply(change));',
    instead: '',
  },
  'own end not noted': {
    file: 'lib/store/cached.ts',
    of: 'return this.#ending([which], this.#inner.end(which, end));',
    instead: 'return this.#inner.end(which, end);',
  },
  'outage taken for an end': {
    file: 'lib/database/failures.ts',
    of: "return plainRefusal('store-unavailable',",
    instead: "return plainRefusal('session-ended',",
  },
  'last touches not written': {
    file: 'lib/store/buffered.ts',
    of: 'for (const pending of this.#pending.values()) pending.due = true;',
    instead: '',
  },
  'no lock on sign-in': {
    file: 'lib/store/postgres/statements.ts',
    of: 'select pg_advisory_xact_lock(hashtextextended(',
    instead: 'select (hashtextextended(',
  },
  'absent ids never forgotten': {
    file: 'lib/store/absent-ids.ts',
    of: 'if (this.#until.size > MOST) this.#until.delete',
    instead: 'if (false) this.#until.delete',
  },
  'touches heap up': {
    file: 'lib/store/buffered.ts',
    of: 'if (this.#pending.size >= MOST_WAITING) return',
    instead: 'if (false) return',
  },
} as const satisfies Readonly<Record<string, Bug>>;

export type BugName = keyof typeof BUGS;

/** The source with the bug in it. */
export function withBug(source: string, { of, instead }: Bug): string {
  const [before, after, ...more] = source.split(of);
  if (after === undefined || more.length > 0)
    throw new Error(`This is not in the source exactly once: ${of}`);
  return before + instead + after;
}

/** What Node has beside its documented interface to load files with. */
interface Loading {
  _compile(code: string, file: string): void;
}

function plant({ file, ...bug }: Bug): void {
  const path = join(__dirname, '../..', file);
  const load = require.extensions['.ts']!;
  require.extensions['.ts'] = (module, name) => {
    if (name !== path) return load(module, name);
    const source = withBug(readFileSync(path, 'utf8'), { file, ...bug });
    const { code } = transform(source, { transforms: ['typescript', 'imports'], filePath: path });
    (module as unknown as Loading)._compile(code, path);
  };
}

const planted = process.env['FAULTS_PLANTED'] as BugName | undefined;
if (planted) plant(BUGS[planted]);
