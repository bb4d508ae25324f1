import { NodeCapacity } from '../../lib/manager/node-capacity';
import { FakeClock } from '../support/clock';

const clock = new FakeClock();

function capacity(max: number, count: () => Promise<number>): NodeCapacity {
  return new NodeCapacity({ max, count, clock });
}

const accepted = async (node: NodeCapacity, times: number) => {
  const results = await Promise.allSettled(Array.from({ length: times }, () => node.reserve()));
  return results.filter(({ status }) => status === 'fulfilled').length;
};

describe('NodeCapacity', () => {
  it('accepts parallel sign-ins up to the maximum, and rejects further ones with session-limit-reached', async () => {
    const node = capacity(10, async () => 7);
    expect(await accepted(node, 20)).toBe(3);
    await expect(node.reserve()).rejects.toMatchObject({ code: 'session-limit-reached', per: 'node' });
  });

  it('counts at most once a second, and only for sign-ins', async () => {
    const count = jest.fn(async () => 0);
    const node = capacity(100, count);
    expect(count).toHaveBeenCalledTimes(0);
    await accepted(node, 20);
    clock.advance(999);
    await node.reserve();
    expect(count).toHaveBeenCalledTimes(1);
    clock.advance(1);
    await accepted(node, 20);
    expect(count).toHaveBeenCalledTimes(2);
    clock.advance(60_000);
    expect(count).toHaveBeenCalledTimes(2);
  });

  it('replaces its own sum by the new count', async () => {
    let held = 0;
    const node = capacity(2, async () => held);
    expect(await accepted(node, 3)).toBe(2);
    held = 1;
    clock.advance(1000);
    expect(await accepted(node, 3)).toBe(1);
  });

  it('rejects sign-ins while the count fails, and counts again for the next one', async () => {
    let fails = true;
    const node = capacity(2, async () => {
      if (fails) throw new Error('no connection');
      return 0;
    });
    expect(await accepted(node, 3)).toBe(0);
    fails = false;
    expect(await accepted(node, 3)).toBe(2);
  });

  it('shares a count in progress instead of starting another one', async () => {
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
