import { NodeCapacity } from '../../lib/manager/node-capacity';
import { FakeClock } from '../support/clock';

const clock = new FakeClock();

function capacity(max: number, count: () => Promise<number>): NodeCapacity {
  return new NodeCapacity({ max, count, clock });
}

const taken = async (node: NodeCapacity, times: number) => {
  const results = await Promise.allSettled(Array.from({ length: times }, () => node.reserve()));
  return results.filter(({ status }) => status === 'fulfilled').length;
};

describe('the capacity of a node', () => {
  it('lets in as many as there is room for, also when they come at once', async () => {
    const node = capacity(10, async () => 7);
    expect(await taken(node, 20)).toBe(3);
    await expect(node.reserve()).rejects.toMatchObject({ code: 'session-limit-reached', per: 'node' });
  });

  it('counts once a second, and only while somebody signs in', async () => {
    const count = jest.fn(async () => 0);
    const node = capacity(100, count);
    expect(count).toHaveBeenCalledTimes(0);
    await taken(node, 20);
    clock.advance(999);
    await node.reserve();
    expect(count).toHaveBeenCalledTimes(1);
    clock.advance(1);
    await taken(node, 20);
    expect(count).toHaveBeenCalledTimes(2);
    clock.advance(60_000);
    expect(count).toHaveBeenCalledTimes(2);
  });

  it('goes by the new count, whatever it has let in itself', async () => {
    let held = 0;
    const node = capacity(2, async () => held);
    expect(await taken(node, 3)).toBe(2);
    held = 1;
    clock.advance(1000);
    expect(await taken(node, 3)).toBe(1);
  });

  it('lets nobody in while it cannot count, and counts again for the next', async () => {
    let away = true;
    const node = capacity(2, async () => {
      if (away) throw new Error('away');
      return 0;
    });
    expect(await taken(node, 3)).toBe(0);
    away = false;
    expect(await taken(node, 3)).toBe(2);
  });

  it('does not count twice at a time, however long it takes', async () => {
    const answers: ((count: number) => void)[] = [];
    const node = capacity(10, () => new Promise((resolve) => answers.push(resolve)));
    const first = node.reserve();
    clock.advance(5000);
    const second = node.reserve();
    expect(answers).toHaveLength(1);
    answers[0]!(0);
    await Promise.all([first, second]);
    await node.reserve();
    expect(answers).toHaveLength(1);
  });
});
