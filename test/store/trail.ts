import { everySessionOf, sessionsOf } from '../../lib/session/revocation';
import type { StoredSession } from '../../lib/session/session';
import type { TrailEntry } from '../../lib/session/trail-entry';
import type { AdministeredStore } from '../../lib/store/store';
import {
  COUNTED_FOR,
  MOST_REMEMBERED,
  type FailedSignIn,
  type ObservedChange,
  type RefusedRequest,
  type Trail,
} from '../../lib/store/trail';
import { ALICE, BOB, DAY, HOUR, admission, aSession } from '../support/sessions';

export interface TrailUnderTest {
  /** The store whose acts the trail records. */
  readonly store: AdministeredStore;
  readonly trail: Trail;
}

/**
 * Registers the tests that every implementation of `Trail` must pass.
 * @param make returns an empty store with an empty trail
 */
export function testTrail(make: () => TrailUnderTest): void {
  const start = Date.UTC(2026, 0, 15, 12);
  let store: AdministeredStore;
  let trail: Trail;

  beforeEach(() => {
    ({ store, trail } = make());
  });

  async function inserted(fields: Partial<StoredSession> = {}): Promise<StoredSession> {
    const session = aSession(start, fields);
    await store.insert(session, admission(start));
    return session;
  }

  const entries = (owner = ALICE, take = 100) => trail.list({ owner, take });
  const events = async (owner = ALICE) => (await entries(owner)).map(({ event }) => event);
  const eventOf = ({ event, reason, actor, at }: TrailEntry) => ({ event, reason, actor, at });

  it('records a sign-in with its device and address', async () => {
    const { sessionId, userAgent } = await inserted({ clientId: 'mail-app', actor: 'support' });
    const [entry] = await entries();
    expect(entry).toEqual({
      id: expect.any(String),
      at: start,
      event: 'signed-in',
      userId: 'alice',
      tenantId: null,
      sessionId,
      reason: null,
      actor: 'support',
      clientId: 'mail-app',
      device: 'Web',
      userAgent,
      ipAddress: '192.0.2.1',
      before: null,
      after: null,
      nameHash: null,
      count: 1,
    });
  });

  it('records the end of a session with reason and actor, and its last address', async () => {
    const session = await inserted();
    await store.touch([{ id: session.sessionId, at: start + 1, ipAddresses: ['192.0.2.9'], node: null }]);
    await store.end(sessionsOf(session, [session.sessionId]), {
      at: start + 2,
      reason: 'administrator',
      by: 'root',
    });
    const [entry] = await entries();
    expect(entry).toMatchObject({ event: 'ended', reason: 'administrator', actor: 'root', at: start + 2 });
    expect(entry).toMatchObject({ sessionId: session.sessionId, device: 'Web', ipAddress: '192.0.2.9' });
  });

  it('records each session that a sign-in displaces, and no session that was refused', async () => {
    await inserted();
    const end = { at: start + 1, reason: 'displaced', by: null } as const;
    const displaces = [{ which: everySessionOf(ALICE), end }];
    await store.insert(aSession(start + 1), admission(start + 1, { displaces }));
    expect(new Set(await events())).toEqual(new Set(['signed-in', 'ended']));
    expect(await events()).toHaveLength(3);
    const limits = [{ per: 'user', max: 1, onLimit: 'refuse' }] as const;
    await expect(store.insert(aSession(start + 2), admission(start + 2, { limits }))).rejects.toThrow();
    expect(await events()).toHaveLength(3);
  });

  it('records the sessions that cleanup ends because their user has very many', async () => {
    await inserted();
    await inserted();
    await store.endUnused(ALICE, { max: 1, cutoffs: admission(start).cutoffs, at: start + HOUR });
    expect((await entries()).map(eventOf)[0]).toEqual({
      event: 'ended',
      reason: 'displaced',
      actor: null,
      at: start + HOUR,
    });
  });

  it('records that a session woke, once', async () => {
    const { sessionId } = await inserted({ staySignedIn: true });
    const wake = () => store.wake(sessionId, start + DAY, start + HOUR);
    expect(await Promise.all([wake(), wake()])).toContain(true);
    expect(await events()).toEqual(['woken', 'signed-in']);
    expect((await entries())[0]).toMatchObject({ at: start + DAY, sessionId });
  });

  it('records that a user was authenticated again, with the address', async () => {
    const { sessionId } = await inserted();
    const raised = { authenticatedAt: start, acr: null, amr: [], credentialsCheckedAt: start };
    await store.raiseAssurance(sessionId, { ...raised, at: start + 5, from: '192.0.2.77' });
    await store.raiseAssurance('0'.repeat(32), { ...raised, at: start + 6, from: null });
    const [entry] = await entries();
    expect(entry).toMatchObject({
      event: 'reauthenticated',
      at: start + 5,
      sessionId,
      ipAddress: '192.0.2.77',
    });
    expect(await events()).toEqual(['reauthenticated', 'signed-in']);
  });

  it('records a change of credentials for its owner', async () => {
    await store.changeCredentials({ userId: 'alice' }, start);
    expect((await entries()).map(eventOf)).toEqual([
      { event: 'credential-changed', reason: null, actor: null, at: start },
    ]);
    expect(await events(BOB)).toEqual([]);
  });

  it('shows the end of everything to all users whom it concerned', async () => {
    await store.endEverything({ tenantId: 'acme' }, { at: start, by: 'root' });
    await store.endEverything({}, { at: start + 1, by: null });
    const ofAcme = (await entries({ tenantId: 'acme', userId: 'alice' })).map(eventOf);
    const all = { event: 'everything-ended', reason: 'administrator', actor: null, at: start + 1 };
    expect(ofAcme).toEqual([all, { ...all, actor: 'root', at: start }]);
    expect((await entries(ALICE)).map(eventOf)).toEqual([all]);
  });

  it('separates users of different tenants', async () => {
    await inserted({ tenantId: 'acme' });
    await inserted({ userId: 'bob' });
    expect(await events()).toEqual([]);
    expect(await events({ tenantId: 'acme', userId: 'alice' })).toEqual(['signed-in']);
    expect(await trail.list({ take: 100 })).toHaveLength(2);
  });

  it('lists page by page, newest entry first', async () => {
    const ids = [];
    for (let i = 0; i < 5; i++) ids.unshift((await inserted()).sessionId);
    const first = await entries(ALICE, 2);
    const rest = await trail.list({ owner: ALICE, take: 100, before: first.at(-1)!.id });
    expect([...first, ...rest].map(({ sessionId }) => sessionId)).toEqual(ids);
  });

  describe('observe', () => {
    const observed = (sessionId: string, fields: Partial<ObservedChange> = {}): ObservedChange => ({
      sessionId,
      type: 'address-changed',
      key: 'ab',
      before: '192.0.2.1',
      after: '198.51.100.1',
      ipAddress: '198.51.100.1',
      userAgent: 'curl/8',
      ...fields,
    });

    it('records a change once, with the session and the values before and after', async () => {
      const { sessionId } = await inserted({ clientId: 'mail-app' });
      expect(await trail.observe(observed(sessionId), start + 1)).toBe(1);
      expect(await trail.observe(observed(sessionId), start + COUNTED_FOR)).toBe(0);
      const [entry, ...others] = await entries();
      const { key: _key, type: reason, ...change } = observed(sessionId);
      expect(entry).toMatchObject({ ...change, event: 'signal', reason, clientId: 'mail-app', count: 1 });
      expect(others.map(({ event }) => event)).toEqual(['signed-in']);
    });

    it('counts the changes of each type within an hour, and lists few of them', async () => {
      const { sessionId } = await inserted();
      for (let i = 0; i < 12; i++) {
        expect(await trail.observe(observed(sessionId, { key: `${i}` }), start)).toBe(i + 1);
      }
      expect(await trail.observe(observed(sessionId, { type: 'device-changed', key: 'c' }), start)).toBe(1);
      expect(await trail.observe(observed(sessionId, { key: 'd' }), start + COUNTED_FOR)).toBe(1);
      const counts = (await entries()).map(({ count }) => count);
      expect(counts).toEqual([1, 1, 10, 5, 4, 3, 2, 1, 1]);
    });

    it('gives the number of a change to one of many parallel calls', async () => {
      const { sessionId } = await inserted();
      const calls = Array.from({ length: 20 }, () => trail.observe(observed(sessionId), start));
      expect((await Promise.all(calls)).filter((count) => count > 0)).toEqual([1]);
    });

    it('remembers changes of sessions that have ended, but writes nothing for unknown sessions', async () => {
      const session = await inserted();
      await store.end(sessionsOf(session, [session.sessionId]), { at: start, reason: 'revoked', by: null });
      expect(await trail.observe(observed(session.sessionId), start)).toBe(1);
      expect(await trail.observe(observed(session.sessionId), start)).toBe(0);
      expect(await trail.observe(observed('0'.repeat(32)), start)).toBe(0);
      expect(await events()).toEqual(['signal', 'ended', 'signed-in']);
    });

    it('forgets the oldest changes of a session with very many', async () => {
      const { sessionId } = await inserted();
      for (let i = 0; i <= MOST_REMEMBERED; i++) {
        await trail.observe(observed(sessionId, { key: `${i}` }), start);
      }
      expect(await trail.observe(observed(sessionId, { key: '1' }), start)).toBe(0);
      expect(await trail.observe(observed(sessionId, { key: '0' }), start)).toBeGreaterThan(0);
    });

    it('records a change again after it was forgotten', async () => {
      const { sessionId } = await inserted();
      await trail.observe(observed(sessionId, { key: 'a' }), start);
      await trail.observe(observed(sessionId, { key: 'b' }), start);
      await trail.forget(sessionId, ['a', 'c']);
      await trail.forget('0'.repeat(32), ['a']);
      expect(await trail.observe(observed(sessionId, { key: 'b' }), start)).toBe(0);
      expect(await trail.observe(observed(sessionId, { key: 'a' }), start)).toBe(3);
    });
  });

  describe('note', () => {
    const failed = (fields: Partial<FailedSignIn> = {}): FailedSignIn => ({
      event: 'sign-in-failed',
      owner: ALICE,
      nameHash: 'ab'.repeat(32),
      ipAddress: '198.51.100.1',
      userAgent: 'curl/8',
      ...fields,
    });
    const counts = async () => (await entries()).map(({ count }) => count);

    it('records a failed attempt for the user whom it concerned', async () => {
      expect(await trail.note(failed(), start)).toBe(1);
      expect((await entries())[0]).toMatchObject({
        event: 'sign-in-failed',
        at: start,
        sessionId: null,
        nameHash: 'ab'.repeat(32),
        ipAddress: '198.51.100.1',
        userAgent: 'curl/8',
        count: 1,
      });
    });

    it('counts a flood and lists the first five, then the 10th, the 100th and so on', async () => {
      for (let i = 0; i < 101; i++) expect(await trail.note(failed(), start + i)).toBe(i + 1);
      expect(await counts()).toEqual([100, 10, 5, 4, 3, 2, 1]);
    });

    it('returns each count once to parallel calls', async () => {
      const all = await Promise.all(Array.from({ length: 20 }, () => trail.note(failed(), start)));
      expect(all.sort((one, other) => one - other)).toEqual(all.map((_, i) => i + 1));
    });

    it('starts again after an hour', async () => {
      for (let i = 0; i < 7; i++) await trail.note(failed(), start);
      expect(await trail.note(failed(), start + COUNTED_FOR)).toBe(1);
      expect((await counts())[0]).toBe(1);
    });

    it('keeps few entries of attempts without an owner, however many names were typed', async () => {
      for (let i = 0; i < 400; i++) {
        const nameHash = i.toString(16).padStart(4, '0').padEnd(64, '0');
        await trail.note(failed({ owner: undefined, nameHash }), start);
      }
      expect((await trail.list({ take: 1000 })).length).toBeLessThanOrEqual(7 * 16);
      expect(await events()).toEqual([]);
    });

    it('records refused requests with the session that they concerned', async () => {
      const { sessionId } = await inserted();
      const refused = (times: number): RefusedRequest => ({
        event: 'refused',
        sessionId,
        reason: 'wrong-secret',
        ipAddress: '198.51.100.1',
        times,
      });
      expect(await trail.note(refused(1), start)).toBe(1);
      expect(await trail.note(refused(30), start)).toBe(31);
      const [many, one] = await entries();
      expect(one).toMatchObject({ event: 'refused', reason: 'wrong-secret', sessionId, count: 1 });
      expect(many).toMatchObject({ count: 31, ipAddress: '198.51.100.1', device: 'Web' });
      expect(await trail.note({ ...refused(1), sessionId: '0'.repeat(32) }, start)).toBe(0);
    });
  });

  it('prunes old entries and counters, and keeps the others', async () => {
    await inserted({ signedIn: start });
    await inserted({ signedIn: start + DAY });
    const prune = (limit: number) => trail.prune({ before: start, countedBefore: start }, limit);
    expect(await prune(100)).toBe(1);
    expect(await prune(100)).toBe(0);
    expect((await entries()).map(({ at }) => at)).toEqual([start + DAY]);
  });

  it('erases the entries of one user, a limited number at once', async () => {
    for (let i = 0; i < 3; i++) await inserted();
    await inserted({ userId: 'bob' });
    expect(await trail.erase(ALICE, 2)).toBe(2);
    expect(await trail.erase(ALICE, 2)).toBe(1);
    expect(await trail.erase(ALICE, 2)).toBe(0);
    expect([await events(), await events(BOB)]).toEqual([[], ['signed-in']]);
  });
}
