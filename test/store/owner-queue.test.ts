import { OwnerQueue } from '../../lib/store/owner-queue';
import { turns } from '../support/gate';
import { ALICE, BOB } from '../support/sessions';

/** Work that goes on until a test says how it ends. */
class Work {
  started = false;
  finish!: (result: string) => void;
  fail!: (error: Error) => void;
  readonly #end = new Promise<string>((resolve, reject) => {
    this.finish = resolve;
    this.fail = reject;
  });

  readonly run = (): Promise<string> => {
    this.started = true;
    return this.#end;
  };
}

const works = () => [new Work(), new Work(), new Work(), new Work()] as const;
const started = (all: readonly Work[]) => all.map((work) => work.started);

let queue: OwnerQueue;
beforeEach(() => {
  queue = new OwnerQueue();
});

describe('work for one owner', () => {
  it('takes turns, in the order in which it came', async () => {
    const all = works();
    const results = all.map((work) => queue.run(ALICE, work.run));
    for (let finished = 0; finished < all.length; finished++) {
      await turns();
      expect(started(all)).toEqual(all.map((_, i) => i <= finished));
      all[finished]!.finish(`result ${finished}`);
    }
    expect(await Promise.all(results)).toEqual(['result 0', 'result 1', 'result 2', 'result 3']);
  });

  it('waits for all that came before, also when some of it is done already', async () => {
    const [first, second, third] = works();
    const running = [queue.run(ALICE, first.run), queue.run(ALICE, second.run)];
    first.finish('done');
    await turns();
    running.push(queue.run(ALICE, third.run));
    await turns();
    expect(started([first, second, third])).toEqual([true, true, false]);
    second.finish('done');
    third.finish('done');
    await Promise.all(running);
  });

  it('goes on after a failure, which only its own caller hears of', async () => {
    const [first, second, third] = works();
    const [failing, waiting] = [queue.run(ALICE, first.run), queue.run(ALICE, second.run)];
    const last = queue.run(ALICE, third.run);
    first.fail(new Error('no connection'));
    await expect(failing).rejects.toThrow('no connection');
    second.finish('second');
    third.finish('third');
    expect(await Promise.all([waiting, last])).toEqual(['second', 'third']);
  });

  it('goes on after work that fails before it has begun', async () => {
    const broken = () => {
      throw new Error('a bug');
    };
    await expect(queue.run(ALICE, broken)).rejects.toThrow('a bug');
    await expect(Promise.allSettled([1, 2].map(() => queue.run(ALICE, broken)))).resolves.toHaveLength(2);
    await expect(queue.run(ALICE, () => Promise.resolve('fine'))).resolves.toBe('fine');
  });
});

describe('work for several owners', () => {
  it('is done at once', async () => {
    const all = works();
    const owners = [ALICE, BOB, { tenantId: 'acme', userId: 'alice' }, { tenantId: 'null', userId: 'alice' }];
    const results = all.map((work, i) => queue.run(owners[i]!, work.run));
    expect(started(all)).toEqual([true, true, true, true]);
    for (const work of all) work.finish('done');
    await Promise.all(results);
  });

  it('is for one owner where one is named without a tenant, with none, and with null', async () => {
    const [first, second, third] = works();
    const results = [
      queue.run({ userId: 'alice' }, first.run),
      queue.run({ tenantId: null, userId: 'alice' }, second.run),
      queue.run({ tenantId: undefined as never, userId: 'alice' }, third.run),
    ];
    await turns();
    expect(started([first, second, third])).toEqual([true, false, false]);
    for (const work of [first, second, third]) work.finish('done');
    await Promise.all(results);
  });

  it('is told apart however the names are cut', async () => {
    const [one, other] = works();
    const results = [
      queue.run({ tenantId: 'a","b', userId: 'c' }, one.run),
      queue.run({ tenantId: 'a', userId: 'b","c' }, other.run),
    ];
    expect(started([one, other])).toEqual([true, true]);
    for (const work of [one, other]) work.finish('done');
    await Promise.all(results);
  });
});

describe('when all is done', () => {
  it.each([
    ['well', () => Promise.resolve('done')],
    ['badly', () => Promise.reject(new Error('no'))],
  ])('%s, nothing is kept: what comes next waits for nothing', async (_, ending) => {
    await Promise.allSettled([queue.run(ALICE, ending), queue.run(ALICE, ending)]);
    const next = new Work();
    const result = queue.run(ALICE, next.run);
    expect(next.started).toBe(true);
    next.finish('done');
    await result;
  });
});
