import type { SessionPage } from '../../lib';
import { LIST_EVERY, OwnerWatch } from '../../lib/manager/owner-watch';
import { settingsOf } from '../../lib/options/settings';
import { memory } from '../../lib';
import { FakeClock } from '../support/clock';
import { ALICE, aSession, BOB } from '../support/sessions';

let clock: FakeClock;
let watch: OwnerWatch;
let sessions: readonly ReturnType<typeof aSession>[];
let reads: string[];
let list: (userId: string) => Promise<SessionPage>;
let failures: unknown[];

const settled = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  clock = new FakeClock();
  sessions = [aSession(clock.now())];
  reads = [];
  failures = [];
  list = async () => ({ sessions });
  const settings = settingsOf({ store: memory(), clock, report: (event) => void failures.push(event) });
  watch = new OwnerWatch(({ userId }) => {
    reads.push(userId);
    return list(userId);
  }, settings);
});
afterEach(() => watch.close());

describe('OwnerWatch', () => {
  it('reads the list at once and every five seconds, until the listener is removed', async () => {
    const pages: SessionPage[] = [];
    const stop = watch.add(ALICE, (page) => void pages.push(page));
    await settled();
    expect(pages).toEqual([{ sessions }]);
    clock.advance(LIST_EVERY);
    await settled();
    expect(pages).toHaveLength(2);
    stop();
    clock.advance(2 * LIST_EVERY);
    await settled();
    expect(reads).toHaveLength(2);
  });

  it('reads the list when the change log names one of its sessions, or all', async () => {
    watch.add(ALICE, () => undefined);
    await settled();
    watch.look(['0'.repeat(32)]);
    expect(reads).toHaveLength(1);
    watch.look([sessions[0]!.sessionId]);
    await settled();
    watch.look();
    await settled();
    expect(reads).toHaveLength(3);
  });

  it('reads the list when its owner signs in on this node', async () => {
    watch.add(ALICE, () => undefined);
    await settled();
    watch.lookAt(BOB);
    watch.lookAt({ ...ALICE, tenantId: 'acme' });
    expect(reads).toHaveLength(1);
    watch.lookAt(ALICE);
    expect(reads).toHaveLength(2);
  });

  it('shares the reads of pages that show the same list', async () => {
    const seen: number[] = [];
    for (const page of [1, 2, 3]) watch.add(ALICE, () => void seen.push(page));
    await settled();
    // The first read began before the others were added, so it is repeated once.
    expect(reads).toHaveLength(2);
    expect(new Set(seen)).toEqual(new Set([1, 2, 3]));
  });

  it('reads again if something changed while it was reading, so that no change is missed', async () => {
    let finish: (page: SessionPage) => void = () => undefined;
    list = () => new Promise((resolve) => (finish = resolve));
    watch.add(ALICE, () => undefined);
    watch.lookAt(ALICE);
    watch.lookAt(ALICE);
    expect(reads).toHaveLength(1);
    finish({ sessions });
    await settled();
    expect(reads).toHaveLength(2);
  });

  it('goes on after a failed read and after a listener that throws', async () => {
    const pages: SessionPage[] = [];
    list = () => Promise.reject(new Error('away'));
    watch.add(ALICE, () => {
      throw new Error('broken');
    });
    watch.add(ALICE, (page) => void pages.push(page));
    await settled();
    list = async () => ({ sessions });
    clock.advance(LIST_EVERY);
    await settled();
    expect(pages).toHaveLength(1);
    expect(failures).toEqual([{ type: 'failed', task: 'listener', error: new Error('broken') }]);
  });

  it('reads nothing after it was closed', async () => {
    watch.add(ALICE, () => undefined);
    await settled();
    watch.close();
    watch.add(BOB, () => undefined);
    clock.advance(LIST_EVERY);
    await settled();
    expect(reads).toEqual(['alice']);
  });
});
