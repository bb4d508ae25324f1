import { SessionError } from '../../../lib';
import type { Owner } from '../../../lib/session/session';
import { OwnerQueue } from '../../../lib/store/postgres/owner-queue';
import { turns } from '../../support/gate';
import { ALICE, BOB } from '../../support/sessions';

/** Some items at work, until a test says how it ends. */
interface Turn {
  readonly items: readonly string[];
  readonly end: (error?: Error) => void;
}

let begun: Turn[];
let queue: OwnerQueue<string, string>;
beforeEach(() => {
  begun = [];
  queue = new OwnerQueue((items) => {
    return new Promise((resolve, reject) => {
      const end = (error?: Error) => (error ? reject(error) : resolve(items.map((item) => `${item}, done`)));
      begun.push({ items, end });
    });
  });
});

/** Ends the turn that began last, and waits until the next has begun. */
async function end(error?: Error): Promise<void> {
  begun.at(-1)!.end(error);
  await turns();
}

const run = (owner: Owner, ...items: readonly string[]) =>
  Promise.allSettled(items.map((item) => queue.run(owner, item)));
const itemsOf = (all: readonly Turn[]) => all.map(({ items }) => items);
const reasons = async (results: ReturnType<typeof run>) =>
  (await results).map((result) =>
    result.status === 'rejected' ? (result.reason as Error).message : result.value,
  );

describe('work for one owner', () => {
  it('begins at once, and those who come meanwhile go together next, in their order', async () => {
    const results = run(ALICE, 'one', 'two', 'three');
    expect(itemsOf(begun)).toEqual([['one']]);
    await end();
    expect(itemsOf(begun)).toEqual([['one'], ['two', 'three']]);
    const later = run(ALICE, 'four');
    await turns();
    expect(begun).toHaveLength(2);
    await end();
    await end();
    expect(await reasons(results)).toEqual(['one, done', 'two, done', 'three, done']);
    expect(await reasons(later)).toEqual(['four, done']);
  });

  it('is done for twenty at a time at the most', async () => {
    const results = run(ALICE, ...Array.from({ length: 30 }, (_, i) => `${i}`));
    for (let turn = 0; turn < 3; turn++) await end();
    expect(begun.map(({ items }) => items.length)).toEqual([1, 20, 9]);
    expect(new Set(await reasons(results)).size).toBe(30);
  });

  it('is done for each alone when it fails for several, so that a failure is that of its own caller', async () => {
    const results = run(ALICE, 'one', 'two', 'three');
    await end();
    await end(new Error('one of you'));
    expect(itemsOf(begun).slice(2)).toEqual([['two']]);
    await end(new Error('me'));
    expect(itemsOf(begun).slice(3)).toEqual([['three']]);
    await end();
    expect(await reasons(results)).toEqual(['one, done', 'me', 'three, done']);
  });

  it('fails for all who have come when the store cannot be reached, and goes on with those who come then', async () => {
    const results = run(ALICE, 'one', 'two', 'three');
    await end();
    const waiting = run(ALICE, 'four');
    await end(new SessionError('store-unavailable', 'away'));
    expect(await reasons(results)).toEqual(['one, done', 'away', 'away']);
    expect(await reasons(waiting)).toEqual(['away']);
    const later = run(ALICE, 'five');
    expect(itemsOf(begun).slice(2)).toEqual([['five']]);
    await end();
    expect(await reasons(later)).toEqual(['five, done']);
  });

  it('goes on after work that fails before it has begun', async () => {
    const broken = new OwnerQueue<string, string>(() => {
      throw new Error('a bug');
    });
    const results = ['one', 'two', 'three'].map((item) => broken.run(ALICE, item));
    expect((await Promise.allSettled(results)).map(({ status }) => status)).toEqual(
      Array(3).fill('rejected'),
    );
  });
});

describe('work for several owners', () => {
  it('is done at once', async () => {
    const owners = [ALICE, BOB, { tenantId: 'acme', userId: 'alice' }, { tenantId: 'null', userId: 'alice' }];
    const results = owners.map((owner) => run(owner, 'work'));
    expect(begun).toHaveLength(4);
    for (const turn of begun) turn.end();
    await Promise.all(results);
  });

  it('is for one owner where one is named without a tenant, with none, and with null', async () => {
    const owners = [
      { userId: 'alice' },
      { tenantId: null, userId: 'alice' },
      { tenantId: undefined as never, userId: 'alice' },
    ];
    const results = owners.map((owner, i) => run(owner, `${i}`));
    expect(itemsOf(begun)).toEqual([['0']]);
    await end();
    expect(itemsOf(begun)).toEqual([['0'], ['1', '2']]);
    await end();
    await Promise.all(results);
  });

  it('is told apart however the names are cut', async () => {
    const results = [
      run({ tenantId: 'a","b', userId: 'c' }, 'one'),
      run({ tenantId: 'a', userId: 'b","c' }, 'other'),
    ];
    expect(itemsOf(begun)).toEqual([['one'], ['other']]);
    for (const turn of begun) turn.end();
    await Promise.all(results);
  });
});

describe('when all is done', () => {
  it.each([
    ['well', undefined],
    ['badly', new Error('no')],
  ])('%s, nothing is kept: what comes next waits for nothing', async (_, error) => {
    const results = run(ALICE, 'one');
    await end(error);
    await results;
    void run(ALICE, 'two');
    expect(itemsOf(begun)).toEqual([['one'], ['two']]);
    await end();
  });
});
