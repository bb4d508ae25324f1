import { SessionError } from '../../../lib';
import type { Owner } from '../../../lib/session/session';
import { OwnerQueue } from '../../../lib/store/postgres/owner-queue';
import { turns } from '../../support/gate';
import { ALICE, BOB } from '../../support/sessions';

/** Items that the queue has passed on together. A test decides when their work ends, and with which error. */
interface Batch {
  readonly items: readonly string[];
  readonly end: (error?: Error) => void;
}

let started: Batch[];
let queue: OwnerQueue<string, string>;
beforeEach(() => {
  started = [];
  queue = new OwnerQueue((items) => {
    return new Promise((resolve, reject) => {
      const end = (error?: Error) => (error ? reject(error) : resolve(items.map((item) => `${item}, done`)));
      started.push({ items, end });
    });
  });
});

/** Ends the batch that started last, and waits until the next one has started. */
async function end(error?: Error): Promise<void> {
  started.at(-1)!.end(error);
  await turns();
}

const run = (owner: Owner, ...items: readonly string[]) =>
  Promise.allSettled(items.map((item) => queue.run(owner, item)));
const itemsOf = (all: readonly Batch[]) => all.map(({ items }) => items);
const outcomes = async (results: ReturnType<typeof run>) =>
  (await results).map((result) =>
    result.status === 'rejected' ? (result.reason as Error).message : result.value,
  );

describe('OwnerQueue with one owner', () => {
  it('starts the first item immediately, and then all waiting items together in their order', async () => {
    const results = run(ALICE, 'one', 'two', 'three');
    expect(itemsOf(started)).toEqual([['one']]);
    await end();
    expect(itemsOf(started)).toEqual([['one'], ['two', 'three']]);
    const later = run(ALICE, 'four');
    await turns();
    expect(started).toHaveLength(2);
    await end();
    await end();
    expect(await outcomes(results)).toEqual(['one, done', 'two, done', 'three, done']);
    expect(await outcomes(later)).toEqual(['four, done']);
  });

  it('passes on at most 20 items together', async () => {
    const results = run(ALICE, ...Array.from({ length: 30 }, (_, i) => `${i}`));
    for (let batch = 0; batch < 3; batch++) await end();
    expect(started.map(({ items }) => items.length)).toEqual([1, 20, 9]);
    expect(new Set(await outcomes(results)).size).toBe(30);
  });

  it('repeats the items of a failed batch one by one, so that an error reaches only its own caller', async () => {
    const results = run(ALICE, 'one', 'two', 'three');
    await end();
    await end(new Error('one of the items'));
    expect(itemsOf(started).slice(2)).toEqual([['two']]);
    await end(new Error('its own error'));
    expect(itemsOf(started).slice(3)).toEqual([['three']]);
    await end();
    expect(await outcomes(results)).toEqual(['one, done', 'its own error', 'three, done']);
  });

  it('rejects all waiting items if the store is unavailable, and starts later items again', async () => {
    const results = run(ALICE, 'one', 'two', 'three');
    await end();
    const waiting = run(ALICE, 'four');
    await end(new SessionError('store-unavailable', 'away'));
    expect(await outcomes(results)).toEqual(['one, done', 'away', 'away']);
    expect(await outcomes(waiting)).toEqual(['away']);
    const later = run(ALICE, 'five');
    expect(itemsOf(started).slice(2)).toEqual([['five']]);
    await end();
    expect(await outcomes(later)).toEqual(['five, done']);
  });

  it('continues after work that throws synchronously', async () => {
    const broken = new OwnerQueue<string, string>(() => {
      throw new Error('a bug');
    });
    const results = ['one', 'two', 'three'].map((item) => broken.run(ALICE, item));
    expect((await Promise.allSettled(results)).map(({ status }) => status)).toEqual(
      Array(3).fill('rejected'),
    );
  });
});

describe('OwnerQueue with several owners', () => {
  it('starts the work of different owners at the same time', async () => {
    const owners = [ALICE, BOB, { tenantId: 'acme', userId: 'alice' }, { tenantId: 'null', userId: 'alice' }];
    const results = owners.map((owner) => run(owner, 'work'));
    expect(started).toHaveLength(4);
    for (const batch of started) batch.end();
    await Promise.all(results);
  });

  it('treats a missing, undefined or null tenant as the same owner', async () => {
    const owners = [
      { userId: 'alice' },
      { tenantId: null, userId: 'alice' },
      { tenantId: undefined as never, userId: 'alice' },
    ];
    const results = owners.map((owner, i) => run(owner, `${i}`));
    expect(itemsOf(started)).toEqual([['0']]);
    await end();
    expect(itemsOf(started)).toEqual([['0'], ['1', '2']]);
    await end();
    await Promise.all(results);
  });

  it('separates owners whose tenant and user look alike when they are joined', async () => {
    const results = [
      run({ tenantId: 'a","b', userId: 'c' }, 'one'),
      run({ tenantId: 'a', userId: 'b","c' }, 'other'),
    ];
    expect(itemsOf(started)).toEqual([['one'], ['other']]);
    for (const batch of started) batch.end();
    await Promise.all(results);
  });
});

describe('OwnerQueue after its work', () => {
  it.each([
    ['has succeeded', undefined],
    ['has failed', new Error('no')],
  ])('starts the next item immediately after the work %s', async (_, error) => {
    const results = run(ALICE, 'one');
    await end(error);
    await results;
    void run(ALICE, 'two');
    expect(itemsOf(started)).toEqual([['one'], ['two']]);
    await end();
  });
});
