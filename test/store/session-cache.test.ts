import { CachedSession } from '../../lib/store/cached-session';
import { sessionCache } from '../../lib/store/session-cache';
import { LIFETIMES, ROTATION, aSession } from '../support/sessions';

const entry = (sessionId: string) =>
  new CachedSession(aSession(0, { sessionId }), { lifetimes: LIFETIMES, rotation: ROTATION });

function filled(max: number): ReturnType<typeof sessionCache> {
  const cache = sessionCache(max);
  for (let i = 0; i < max; i++) cache.set(`s${i}`, entry(`s${i}`));
  return cache;
}

describe('sessionCache', () => {
  it('returns the entry that was set last, and undefined for an unknown id', () => {
    const cache = filled(2);
    const newer = entry('s1');
    cache.set('s1', newer);
    expect(cache.get('s1')).toBe(newer);
    expect(cache.get('other')).toBeUndefined();
    expect(cache.size).toBe(2);
  });

  it('drops an entry that was not used since the last round when the cache is full', () => {
    const cache = filled(3);
    for (const id of ['s0', 's2']) cache.get(id);
    cache.set('new', entry('new'));
    expect(['s0', 's1', 's2', 'new'].map((id) => cache.get(id)?.sessionId)).toEqual([
      's0',
      undefined,
      's2',
      'new',
    ]);
  });

  it('keeps entries in constant use while others come and go, and never holds more than its size', () => {
    const cache = filled(100);
    for (let i = 0; i < 10_000; i++) {
      for (let used = 0; used < 5; used++) expect(cache.get(`s${used}`)?.sessionId).toBe(`s${used}`);
      cache.set(`other${i}`, entry(`other${i}`));
      expect(cache.size).toBe(100);
    }
  });

  it('makes room also if all entries were used', () => {
    const cache = filled(1000);
    for (let i = 0; i < 1000; i++) cache.get(`s${i}`);
    for (let i = 0; i < 500; i++) cache.set(`new${i}`, entry(`new${i}`));
    expect(cache.size).toBe(1000);
    expect(cache.get('new499')).toBeDefined();
  });

  it.each<[string, (cache: ReturnType<typeof sessionCache>) => void]>([
    ['there is no room', (cache) => cache.set('new', entry('new'))],
    ['it is deleted', (cache) => cache.delete('s0')],
    ['all are cleared', (cache) => cache.clear()],
  ])('lets unwritten uses forget an entry that it drops because %s', (_, drop) => {
    const cache = filled(1);
    const dropped = cache.get('s0')!;
    dropped.isRecent = false;
    const uses = {
      at: 0,
      ipAddresses: [],
      node: null,
      hits: 1,
      since: 0,
      dueAt: 0,
      due: false,
      open: true,
      entry: dropped as CachedSession | undefined,
    };
    dropped.unwritten = uses;
    drop(cache);
    expect(uses.entry).toBeUndefined();
  });

  it('removes single entries with delete and all entries with clear, and can be filled again', () => {
    const cache = filled(2);
    cache.delete('s0');
    expect([cache.get('s0'), cache.size]).toEqual([undefined, 1]);
    cache.clear();
    expect(cache.size).toBe(0);
    for (let i = 0; i < 5; i++) cache.set(`n${i}`, entry(`n${i}`));
    expect(cache.size).toBe(2);
    expect(cache.get('n4')).toBeDefined();
  });
});
