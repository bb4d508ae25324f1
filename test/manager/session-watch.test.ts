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
let told: SessionError[];

const session = aSession(new FakeClock().now());
const end = () => ({ at: clock.now(), reason: 'revoked', by: null }) as const;

beforeEach(async () => {
  clock = new FakeClock();
  store = memory();
  gated = new GatedStore(store);
  watch = new SessionWatch(gated.store, settingsOf({ store, clock }));
  told = [];
  await store.insert(session, admission(clock.now()));
});

const add = (id = session.sessionId) => watch.add(id, (refusal) => told.push(refusal));

async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += LOOK_EVERY) {
    clock.advance(LOOK_EVERY);
    await turns();
  }
}

describe('who watches a session', () => {
  it('is told once when it ends, and why', async () => {
    add();
    await pass(LOOK_EVERY);
    expect(told).toEqual([]);
    await store.end(everySessionOf(ALICE), end());
    await pass(3 * LOOK_EVERY);
    expect(told).toMatchObject([{ code: 'session-ended', endReason: 'revoked' }]);
  });

  it('is told at once when it is heard that the session changed', async () => {
    add();
    await turns();
    await store.end(sessionsOf(ALICE, [session.sessionId]), end());
    watch.look(['0'.repeat(32), session.sessionId]);
    await turns();
    expect(told).toHaveLength(1);
  });

  it('is told when it expires by itself', async () => {
    // Without the gate: it answers later than the clock is put forward.
    watch = new SessionWatch(store, settingsOf({ store, clock }));
    add();
    clock.advance(HOUR);
    await turns();
    expect(told).toMatchObject([{ code: 'session-expired' }]);
  });

  it('is told at once of a session that had ended before, or never was', async () => {
    add('0'.repeat(32));
    await turns();
    expect(told).toMatchObject([{ code: 'session-ended' }]);
  });

  it('is told nothing any more after the watch was ended', async () => {
    const unwatch = add();
    unwatch();
    await store.end(everySessionOf(ALICE), end());
    await pass(4 * LOOK_EVERY);
    expect(told).toEqual([]);
  });

  it('shares the watch with others, and each goes when it wants', async () => {
    const unwatch = add();
    add();
    unwatch();
    await store.end(everySessionOf(ALICE), end());
    await pass(2 * LOOK_EVERY);
    expect(told).toHaveLength(1);
  });

  describe('beside somebody who throws', () => {
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

    it('is told all the same, and what was thrown is reported', async () => {
      await store.end(everySessionOf(ALICE), end());
      await pass(2 * LOOK_EVERY);
      expect(told).toMatchObject([{ code: 'session-ended' }]);
      expect(report.mock.calls).toEqual([[{ type: 'failed', task: 'listener', error: broken }]]);
    });

    it('is told all the same when it is a promise that rejects, which is reported too', async () => {
      const rejecting: unknown = () => Promise.reject(broken);
      watch.add(session.sessionId, rejecting as EndedListener);
      add();
      await store.end(everySessionOf(ALICE), end());
      await pass(2 * LOOK_EVERY);
      expect(told).toHaveLength(2);
      const failed = [{ type: 'failed', task: 'listener', error: broken }];
      expect(report.mock.calls).toEqual([failed, failed]);
    });

    it('is told all the same that nobody can say whether the session lives', async () => {
      await turns();
      gated.close();
      await pass((UNANSWERED_LOOKS_LIMIT + 1) * LOOK_EVERY);
      expect(told).toMatchObject([{ code: 'store-unavailable' }]);
    });
  });
});

describe('when nobody can say whether the session lives', () => {
  it('it counts as unavailable after a while, also when an answer never comes', async () => {
    add();
    await pass(LOOK_EVERY);
    gated.close();
    await pass(UNANSWERED_LOOKS_LIMIT * LOOK_EVERY);
    expect(told).toEqual([]);
    await pass(LOOK_EVERY);
    expect(told).toMatchObject([{ code: 'store-unavailable' }]);
  });

  it('a short while does no harm', async () => {
    add();
    await pass(LOOK_EVERY);
    gated.close();
    await pass((UNANSWERED_LOOKS_LIMIT / 2) * LOOK_EVERY);
    gated.open();
    await pass(4 * UNANSWERED_LOOKS_LIMIT * LOOK_EVERY);
    expect(told).toEqual([]);
  });
});

describe('the store', () => {
  it('is asked for each session once a look, and for nothing when nobody watches', async () => {
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

  it('is asked nothing after the watch was closed', async () => {
    add();
    watch.close();
    const before = gated.asked['find']!;
    await pass(4 * LOOK_EVERY);
    expect(gated.asked['find']).toBe(before);
    expect(told).toEqual([]);
  });

  it('is asked nothing by who comes after that, and is told at once that nobody can say', async () => {
    watch.close();
    add();
    expect(told).toMatchObject([{ code: 'store-unavailable' }]);
    await pass(4 * LOOK_EVERY);
    expect(gated.asked['find'] ?? 0).toBe(0);
    expect(told).toHaveLength(1);
  });
});
