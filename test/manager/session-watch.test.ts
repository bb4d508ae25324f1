import { type SessionError } from '../../lib/errors';
import { everySessionOf, sessionsOf } from '../../lib/session/revocation';
import {
  LOOK_EVERY,
  UNANSWERED_LOOKS_LIMIT,
  SessionWatch,
  type EndedListener,
} from '../../lib/manager/session-watch';
import { settingsOf } from '../../lib/options/settings';
import { memory } from '../../lib/store/memory';
import type { AdministeredStore } from '../../lib/store/store';
import { FakeClock } from '../support/clock';
import { GatedStore, turns } from '../support/gate';
import { ALICE, HOUR, admission, aSession } from '../support/sessions';

let clock: FakeClock;
let store: AdministeredStore;
let gated: GatedStore;
let watch: SessionWatch;
let received: SessionError[];

const session = aSession(new FakeClock().now());
const end = () => ({ at: clock.now(), reason: 'revoked', by: null }) as const;

beforeEach(async () => {
  clock = new FakeClock();
  store = memory();
  gated = new GatedStore(store);
  watch = new SessionWatch(gated.store, settingsOf({ store, clock }));
  received = [];
  await store.insert(session, admission(clock.now()));
});

const add = (id = session.sessionId) => watch.add(id, (refusal) => received.push(refusal));

async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += LOOK_EVERY) {
    clock.advance(LOOK_EVERY);
    await turns();
  }
}

describe('SessionWatch', () => {
  it('calls the listener once with the reason when the session ends', async () => {
    add();
    await pass(LOOK_EVERY);
    expect(received).toEqual([]);
    await store.end(everySessionOf(ALICE), end());
    await pass(3 * LOOK_EVERY);
    expect(received).toMatchObject([{ code: 'session-ended', endReason: 'revoked' }]);
  });

  it('calls the listener immediately if look() names a session that has ended', async () => {
    add();
    await turns();
    await store.end(sessionsOf(ALICE, [session.sessionId]), end());
    watch.look(['0'.repeat(32), session.sessionId]);
    await turns();
    expect(received).toHaveLength(1);
  });

  it('calls the listener when the session expires', async () => {
    // Without the gate, because its responses would arrive after the clock was advanced.
    watch = new SessionWatch(store, settingsOf({ store, clock }));
    add();
    clock.advance(HOUR);
    await turns();
    expect(received).toMatchObject([{ code: 'session-expired' }]);
  });

  it('calls the listener immediately if the session does not exist', async () => {
    add('0'.repeat(32));
    await turns();
    expect(received).toMatchObject([{ code: 'session-ended' }]);
  });

  it('does not call the listener after its removal', async () => {
    const unwatch = add();
    unwatch();
    await store.end(everySessionOf(ALICE), end());
    await pass(4 * LOOK_EVERY);
    expect(received).toEqual([]);
  });

  it('keeps the other listeners of a session when one is removed', async () => {
    const unwatch = add();
    add();
    unwatch();
    await store.end(everySessionOf(ALICE), end());
    await pass(2 * LOOK_EVERY);
    expect(received).toHaveLength(1);
  });

  describe('with a listener that throws', () => {
    const broken = new Error('The stream is in no state for that');
    let report: jest.Mock;

    beforeEach(() => {
      report = jest.fn();
      watch = new SessionWatch(gated.store, settingsOf({ store, clock, report }));
      watch.add(session.sessionId, () => {
        throw broken;
      });
      add();
    });

    it('calls the other listeners and reports the error', async () => {
      await store.end(everySessionOf(ALICE), end());
      await pass(2 * LOOK_EVERY);
      expect(received).toMatchObject([{ code: 'session-ended' }]);
      expect(report.mock.calls).toEqual([[{ type: 'failed', task: 'listener', error: broken }]]);
    });

    it('calls the other listeners and reports the error if a listener returns a promise that rejects', async () => {
      const rejecting: unknown = () => Promise.reject(broken);
      watch.add(session.sessionId, rejecting as EndedListener);
      add();
      await store.end(everySessionOf(ALICE), end());
      await pass(2 * LOOK_EVERY);
      expect(received).toHaveLength(2);
      const failed = [{ type: 'failed', task: 'listener', error: broken }];
      expect(report.mock.calls).toEqual([failed, failed]);
    });

    it('calls the other listeners with store-unavailable if the store does not answer', async () => {
      await turns();
      gated.close();
      await pass((UNANSWERED_LOOKS_LIMIT + 1) * LOOK_EVERY);
      expect(received).toMatchObject([{ code: 'store-unavailable' }]);
    });
  });
});

describe('SessionWatch on a store that does not answer', () => {
  it('calls the listener with store-unavailable after four unanswered reads', async () => {
    add();
    await pass(LOOK_EVERY);
    gated.close();
    await pass(UNANSWERED_LOOKS_LIMIT * LOOK_EVERY);
    expect(received).toEqual([]);
    await pass(LOOK_EVERY);
    expect(received).toMatchObject([{ code: 'store-unavailable' }]);
  });

  it('does not call the listener if the store answers again after two unanswered reads', async () => {
    add();
    await pass(LOOK_EVERY);
    gated.close();
    await pass((UNANSWERED_LOOKS_LIMIT / 2) * LOOK_EVERY);
    gated.open();
    await pass(4 * UNANSWERED_LOOKS_LIMIT * LOOK_EVERY);
    expect(received).toEqual([]);
  });
});

describe('reads of SessionWatch', () => {
  it('happen once per interval for a session with any number of listeners, and never without listeners', async () => {
    const unwatch = add();
    const another = add();
    await turns();
    const before = gated.asked['find']!;
    await pass(4 * LOOK_EVERY);
    expect(gated.asked['find']! - before).toBe(4);
    unwatch();
    another();
    await pass(2 * LOOK_EVERY);
    const after = gated.asked['find']!;
    await pass(8 * LOOK_EVERY);
    expect(gated.asked['find']).toBe(after);
  });

  it('stop after close()', async () => {
    add();
    watch.close();
    const before = gated.asked['find']!;
    await pass(4 * LOOK_EVERY);
    expect(gated.asked['find']).toBe(before);
    expect(received).toEqual([]);
  });

  it('do not happen for a listener added after close(), which is called immediately with store-unavailable', async () => {
    watch.close();
    add();
    expect(received).toMatchObject([{ code: 'store-unavailable' }]);
    await pass(4 * LOOK_EVERY);
    expect(gated.asked['find'] ?? 0).toBe(0);
    expect(received).toHaveLength(1);
  });
});
