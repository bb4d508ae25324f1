import { lru } from '../../lib/store/lru';

describe('the cache', () => {
  it('forgets what was not used for longest when it is full', () => {
    const cache = lru<{ n: number }>(2);
    cache.set('a', { n: 1 });
    cache.set('b', { n: 2 });
    cache.get('a');
    cache.set('c', { n: 3 });
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([{ n: 1 }, undefined, { n: 3 }]);
    expect(cache.size).toBe(2);
  });

  it('forgets what it is told to', () => {
    const cache = lru<object>(10);
    cache.set('a', {});
    cache.set('b', {});
    cache.delete('a');
    expect([cache.get('a'), cache.get('b')]).toEqual([undefined, {}]);
    cache.clear();
    expect(cache.size).toBe(0);
  });
});
