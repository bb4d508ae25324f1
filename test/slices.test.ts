import { inSlices, mapInSlices } from '../lib/slices';

const items = Array.from({ length: 230 }, (_, index) => index);

describe('inSlices', () => {
  it('passes every item once, in order, in slices of the given size', async () => {
    const slices: (readonly number[])[] = [];
    await inSlices(items, (slice) => slices.push(slice), 100);
    expect(slices.map(({ length }) => length)).toEqual([100, 100, 30]);
    expect(slices.flat()).toEqual(items);
  });

  it('lets other work run between two slices', async () => {
    const order: string[] = [];
    setImmediate(() => order.push('other work'));
    await inSlices(items.slice(0, 2), () => order.push('slice'), 1);
    expect(order).toEqual(['slice', 'other work', 'slice']);
  });

  it('rejects with the error of the work, and stops', async () => {
    let calls = 0;
    const failing = inSlices(
      items,
      () => {
        calls++;
        throw new Error('no');
      },
      100,
    );
    await expect(failing).rejects.toThrow('no');
    expect(calls).toBe(1);
  });

  it('calls nothing for an empty list', async () => {
    await inSlices([], () => fail('called'));
  });
});

describe('mapInSlices', () => {
  it('returns the mapped items in order', async () => {
    expect(await mapInSlices(items, (item) => item * 2)).toEqual(items.map((item) => item * 2));
  });
});
