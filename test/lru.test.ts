import { lru } from '../lib/lru';

describe('lru', () => {
  it('drops the least recently used entry when the cache is full', () => {
    const cache = lru<{ n: number }>(2);
    cache.set('a', { n: 1 });
    cache.set('b', { n: 2 });
    cache.get('a');
    cache.set('c', { n: 3 });
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([{ n: 1 }, undefined, { n: 3 }]);
    expect(cache.size).toBe(2);
  });

  it('removes single entries with delete and all entries with clear', () => {
    const cache = lru<object>(10);
    cache.set('a', {});
    cache.set('b', {});
    cache.delete('a');
    expect([cache.get('a'), cache.get('b')]).toEqual([undefined, {}]);
    cache.clear();
    expect(cache.size).toBe(0);
  });
});
