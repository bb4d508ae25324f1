import { sessionSecretHash, mintSalt, mintSecret } from '../../lib/session/credentials';
import { cutoffs, isLive, stage, type Lifetimes } from '../../lib/session/lifetimes';
import { everySessionOf, otherSessionsOf, sessionsOf } from '../../lib/session/revocation';
import {
  changedSecret,
  firstSecret,
  MOST_GIVEN_AGAIN,
  secretStateOf,
  type SecretChange,
} from '../../lib/session/secret-rotation';
import { referenceTo, type SessionReference, type StoredSession } from '../../lib/session/session';
import type { AdministeredStore, Admission, End, Search } from '../../lib/store/store';
import type { Lowered } from '../../lib/session/assurance';
import { satisfies } from '../support/compliance';
import type { FakeClock } from '../support/clock';
import { ALICE, BOB, DAY, HOUR, LIFETIMES, admission, aPage, aSession, fieldsOf } from '../support/sessions';

export interface StoreUnderTest {
  readonly store: AdministeredStore;
  readonly clock: FakeClock;
  /** Resolves when the store has written the touches that it holds in memory. Absent if it writes them immediately. */
  readonly settle?: () => Promise<void>;
}

/**
 * Registers the tests that every implementation of `AdministeredStore` must pass.
 * @param make creates an empty store before each test
 */
export function testSessionStore(make: () => StoreUnderTest): void {
  let store: AdministeredStore;
  let clock: FakeClock;
  let settle: () => Promise<void>;

  beforeEach(() => {
    ({ store, clock, settle = () => Promise.resolve() } = make());
  });

  const insert = (session: StoredSession, conditions: Partial<Admission> = {}) =>
    store.insert(session, admission(clock.now(), conditions));

  /** Inserts a session that signs in now, and returns it. */
  async function inserted(fields: Partial<StoredSession> = {}): Promise<StoredSession> {
    const session = aSession(clock.now(), fields);
    await insert(session);
    return session;
  }

  const UNKNOWN_ID = '0'.repeat(32);
  const end = (reason: End['reason'] = 'revoked'): End => ({ at: clock.now(), reason, by: 'alice' });
  const NOTHING = { ended: [], more: false };
  const idsOf = (sessions: readonly SessionReference[]) => sessions.map((session) => session.sessionId);

  describe('insert', () => {
    it('stores every field of the session', async () => {
      const session = await inserted({
        knownDevice: 'ab'.repeat(32),
        secretFamily: '\u001f\u00ff'.repeat(8),
        secretIssuedAt: clock.now() + 1,
        secretGivenAgain: 3,
        secretSalt: '5a'.repeat(16),
        secretConfirmedAt: clock.now(),
        earlierSecretHashes: '\u00ea\0'.repeat(32),
        earlierAssurance: { acr: 'urn:one' },
        tenantId: 'acme',
        clientId: 'mail-app',
        ipAddresses: ['192.0.2.1', '2001:db8::1'],
        staySignedIn: true,
        extraProperties: { theme: 'dark', nested: { list: [1, 'two', null] } },
        data: { draft: 'text' },
        authId: 'eedc7ddf-8c4b-4ba4-b00d-88250574eee1',
        authenticatedAt: clock.now() - HOUR,
        acr: 'urn:example:gold',
        amr: ['pwd', 'otp'],
        node: 'node-1',
      });
      expect(fieldsOf(await store.find(session.sessionId))).toEqual(session);
    });

    it('ends the sessions that the new session displaces, and returns them', async () => {
      const old = await inserted();
      const added = aSession(clock.now());
      const displaces = [{ which: sessionsOf(ALICE, [old.sessionId]), end: end('replaced') }];
      const { ended } = await insert(added, { displaces });
      expect(idsOf(ended)).toEqual([old.sessionId]);
      expect((await store.find(old.sessionId))?.endReason).toBe('replaced');
      expect((await store.find(added.sessionId))?.endedAt).toBeNull();
    });

    it('displaces only sessions of the same owner and the same kind of device, and none that ended before', async () => {
      const web = await inserted({ device: 'Web' });
      const others = [
        await inserted({ device: 'Mobile' }),
        await inserted({ device: 'Web', userId: 'bob' }),
        await inserted({ device: 'Web', tenantId: 'acme' }),
      ];
      const displaces = [{ which: { owner: ALICE, device: 'Web' }, end: end('displaced') }];
      const [first, second] = [aSession(clock.now(), { device: 'Web' }), aSession(clock.now() + 1)];
      expect(idsOf((await insert(first, { displaces })).ended)).toEqual([web.sessionId]);
      for (const { sessionId } of others) expect((await store.find(sessionId))?.endedAt).toBeNull();

      await store.endEverything({}, { at: clock.now(), by: 'admin' });
      expect(await insert(second, { displaces })).toEqual({ ended: [], more: false });
      expect((await store.find(first.sessionId))?.endReason).toBe('administrator');
      expect((await store.find(second.sessionId))?.endedAt).toBeNull();
    });

    it(
      satisfies(
        'ends the sessions with the oldest sign-ins if a limit with endOldest is exceeded',
        'ASVS 7.1.2',
      ),
      async () => {
        const sessions: StoredSession[] = [];
        for (let i = 0; i < 3; i++) {
          sessions.push(await inserted());
          clock.advance(1000);
        }
        const added = aSession(clock.now());
        const limits = [{ max: 2, per: 'user', onLimit: 'endOldest' }] as const;
        const { ended } = await insert(added, { limits });
        expect(idsOf(ended).sort()).toEqual(idsOf(sessions.slice(0, 2)).sort());
        expect(idsOf(await store.list(ALICE, aPage()))).toEqual([added.sessionId, sessions[2]!.sessionId]);
      },
    );

    it(
      satisfies(
        'rejects with session-limit-reached and changes nothing if a limit with refuse is exceeded',
        'ASVS 7.1.2',
      ),
      async () => {
        const old = await inserted();
        const added = aSession(clock.now());
        const limits = [{ max: 1, per: 'user', onLimit: 'refuse' }] as const;
        const refused = insert(added, { limits });
        await expect(refused).rejects.toMatchObject({ code: 'session-limit-reached' });
        expect(idsOf(await store.list(ALICE, aPage()))).toEqual([old.sessionId]);
        expect(await store.find(added.sessionId)).toBeUndefined();
      },
    );

    it('rejects as a limit with refuse does if a limit with ask is exceeded, and says that it asks', async () => {
      const old = await inserted();
      const limit = { max: 1, per: 'user' } as const;
      const refused = (onLimit: 'ask' | 'refuse') =>
        insert(aSession(clock.now()), { limits: [{ ...limit, onLimit }] }).catch((error: unknown) => error);
      const code = 'session-limit-reached';
      expect(await refused('ask')).toMatchObject({ code, asks: true, per: 'user' });
      expect(await refused('refuse')).toMatchObject({ code, asks: undefined, per: 'user' });
      expect(idsOf(await store.list(ALICE, aPage()))).toEqual([old.sessionId]);
    });

    it('does not count sessions that it displaces by their ids, and ends none of them if it rejects', async () => {
      const old = [await inserted(), await inserted(), await inserted({ userId: 'bob' })] as const;
      const limits = [{ max: 2, per: 'user', onLimit: 'ask' }] as const;
      const choosing = (ids: readonly string[]) => [{ which: sessionsOf(ALICE, ids), end: end() }];
      const foreign = choosing([old[2].sessionId, UNKNOWN_ID]);
      await expect(insert(aSession(clock.now()), { limits, displaces: foreign })).rejects.toMatchObject({
        code: 'session-limit-reached',
      });
      const tight = [{ max: 1, per: 'user', onLimit: 'ask' }] as const;
      const one = choosing([old[0].sessionId]);
      await expect(insert(aSession(clock.now()), { limits: tight, displaces: one })).rejects.toMatchObject({
        code: 'session-limit-reached',
      });
      for (const { sessionId } of old) expect((await store.find(sessionId))?.endedAt).toBeNull();
      const both = choosing([old[0].sessionId, old[1].sessionId]);
      const { ended } = await insert(aSession(clock.now()), { limits: tight, displaces: both });
      expect(idsOf(ended).sort()).toEqual([old[0].sessionId, old[1].sessionId].sort());
    });

    it('counts only sessions of the same client for a limit per client', async () => {
      const mail = await inserted({ clientId: 'mail' });
      await inserted({ clientId: 'drive' });
      const added = aSession(clock.now(), { clientId: 'mail' });
      const limits = [{ max: 1, per: 'client', onLimit: 'endOldest' }] as const;
      const { ended } = await insert(added, { limits });
      expect(idsOf(ended)).toEqual([mail.sessionId]);
      const refusing = [{ max: 1, per: 'client', onLimit: 'refuse' }] as const;
      const refused = insert(aSession(clock.now(), { clientId: 'mail' }), { limits: refusing });
      await expect(refused).rejects.toMatchObject({ code: 'session-limit-reached', per: 'client' });
    });

    it('counts only sessions on the same kind of device for a limit per device', async () => {
      const phone = await inserted({ device: 'Mobile' });
      await inserted({ device: 'Web' });
      const limits = [{ max: 1, per: 'device', onLimit: 'endOldest' }] as const;
      const added = aSession(clock.now(), { device: 'Mobile' });
      expect(idsOf((await insert(added, { limits })).ended)).toEqual([phone.sessionId]);
    });

    it('does not count impersonations for a limit that ends sessions or refuses', async () => {
      const impersonation = await inserted({ actor: 'support', device: 'Impersonation' });
      const limits = (['endOldest', 'refuse'] as const).map(
        (onLimit) => [{ max: 1, per: 'user', onLimit }] as const,
      );
      for (const each of limits) {
        const added = aSession(clock.now());
        await expect(insert(added, { limits: each })).resolves.toEqual(NOTHING);
        await store.end({ owner: ALICE, only: [added.sessionId] }, end());
      }
      expect(await store.find(impersonation.sessionId)).toMatchObject({ actor: 'support', endedAt: null });
    });

    it('rejects with session-id-taken if another session has the id, and leaves that session unchanged', async () => {
      const session = await inserted();
      const again = aSession(clock.now(), { sessionId: session.sessionId, clientId: 'another' });
      const limit = { max: 1, per: 'user' } as const;
      const limits = (['endOldest', 'refuse'] as const).map((onLimit) => [{ ...limit, onLimit }]);
      for (const conditions of [{}, ...limits.map((each) => ({ limits: each }))]) {
        await expect(insert(again, conditions)).rejects.toMatchObject({ code: 'session-id-taken' });
      }
      expect(fieldsOf(await store.find(session.sessionId))).toEqual(session);
    });

    it('rejects with credential-changed if the credentials of the owner were checked before they changed', async () => {
      const changedAt = clock.now();
      await store.changeCredentials(ALICE, changedAt);
      await store.changeCredentials(ALICE, changedAt - HOUR);
      clock.advance(1000);
      const early = inserted({ userId: ALICE.userId, tenantId: ALICE.tenantId ?? null });
      await expect(early).resolves.toBeDefined();
      for (const displaces of [[], [{ which: everySessionOf(ALICE), end: end('displaced') }]]) {
        const session = aSession(clock.now());
        const inserting = insert(session, { displaces, credentialsCheckedAt: changedAt - 1 });
        await expect(inserting).rejects.toMatchObject({ code: 'credential-changed' });
        expect(await store.find(session.sessionId)).toBeUndefined();
      }
      expect(await store.find((await early).sessionId)).toMatchObject({ endedAt: null });
      await insert(aSession(clock.now()), { credentialsCheckedAt: changedAt });
      await insert(aSession(clock.now(), { userId: BOB.userId }), { credentialsCheckedAt: changedAt - 1 });
    });

    it('rejects with auth-id-taken while a live session of the owner has the auth id', async () => {
      await inserted({ authId: 'login-1' });
      const second = () => insert(aSession(clock.now(), { authId: 'login-1' }));
      await expect(second()).rejects.toMatchObject({ code: 'auth-id-taken' });
      await store.end(everySessionOf(ALICE), end());
      await expect(second()).resolves.toEqual(NOTHING);
    });

    it('accepts the same auth id for another user and for the same id in another tenant', async () => {
      await inserted({ authId: 'login-1' });
      const others = [
        await inserted({ authId: 'login-1', userId: 'bob' }),
        await inserted({ authId: 'login-1', tenantId: 'acme' }),
      ];
      clock.advance(2 * HOUR);
      await inserted({ authId: 'login-1' });
      for (const { sessionId } of others) expect((await store.find(sessionId))?.endedAt).toBeNull();
    });

    it('accepts the auth id of a session that it displaces', async () => {
      const old = await inserted({ authId: 'login-1' });
      const displaces = [{ which: everySessionOf(ALICE), end: end() }];
      const added = aSession(clock.now(), { authId: 'login-1' });
      expect(idsOf((await insert(added, { displaces })).ended)).toEqual([old.sessionId]);
      expect(idsOf(await store.list(ALICE, aPage()))).toEqual([added.sessionId]);
    });

    it('accepts the auth id of an expired session for exactly one of several parallel calls', async () => {
      const old = await inserted({ authId: 'login-1' });
      clock.advance(2 * HOUR);
      const signIns = Array.from({ length: 5 }, () => insert(aSession(clock.now(), { authId: 'login-1' })));
      const results = await Promise.allSettled(signIns);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(idsOf(await store.list(ALICE, aPage())).filter((id) => id !== old.sessionId)).toHaveLength(1);
    });

    it('does not count expired sessions towards a limit', async () => {
      await inserted();
      clock.advance(2 * HOUR);
      const limits = [{ max: 1, per: 'user', onLimit: 'refuse' }] as const;
      await expect(insert(aSession(clock.now()), { limits })).resolves.toEqual(NOTHING);
    });
  });

  describe('find', () => {
    it('returns the right session to each of several parallel calls', async () => {
      const sessions = await Promise.all([inserted(), inserted({ userId: 'bob' }), inserted()]);
      const found = await Promise.all(sessions.map(async ({ sessionId }) => store.find(sessionId)));
      expect(found.map(fieldsOf)).toEqual(sessions);
    });

    it('returns an ended session with the time, the reason and the actor of its end', async () => {
      const session = await inserted();
      await store.end(sessionsOf(ALICE, [session.sessionId]), end('signed-out'));
      expect(fieldsOf(await store.find(session.sessionId))).toEqual({
        ...session,
        endedAt: clock.now(),
        endReason: 'signed-out',
        endedBy: 'alice',
      });
    });

    it('returns undefined for an unknown id', async () => {
      expect(await store.find(UNKNOWN_ID)).toBeUndefined();
    });

    it('treats an invalid id as unknown, as update and end do', async () => {
      const session = await inserted();
      const junk = ['', 'junk', '}', `${session.sessionId},x`, "'; drop table identity_sessions", '\0'];
      const found = await Promise.all([...junk, session.sessionId].map(async (id) => store.find(id)));
      expect(found.map(fieldsOf)).toEqual([...junk.map(() => undefined), session]);
      expect(await store.update('junk', { extraProperties: {} })).toBe(false);
      const { ended } = await store.end(sessionsOf(ALICE, ['junk', session.sessionId]), end());
      expect(idsOf(ended)).toEqual([session.sessionId]);
    });
  });

  describe('list', () => {
    it('returns the sessions of this owner only, newest sign-in first', async () => {
      const first = await inserted();
      await inserted({ userId: 'bob' });
      await inserted({ tenantId: 'acme' });
      clock.advance(1000);
      const second = await inserted();
      expect(idsOf(await store.list(ALICE, aPage()))).toEqual([second.sessionId, first.sessionId]);
    });

    it('omits ended sessions', async () => {
      const session = await inserted();
      await store.end(everySessionOf(ALICE), end());
      expect(idsOf(await store.list(ALICE, aPage()))).not.toContain(session.sessionId);
    });

    it('separates users with the same id in different tenants', async () => {
      const acme = await inserted({ tenantId: 'acme' });
      await inserted({ tenantId: 'other' });
      expect(idsOf(await store.list({ tenantId: 'acme', userId: 'alice' }, aPage()))).toEqual([
        acme.sessionId,
      ]);
    });

    it('returns every session once, page by page, although many signed in at the same moment', async () => {
      for (let i = 0; i < 10; i++) {
        await inserted();
        if (i % 4 === 3) clock.advance(1);
      }
      const all = idsOf(await store.list(ALICE, aPage()));
      const seen: string[] = [];
      for (let page = await store.list(ALICE, aPage({ take: 3 })); page.length > 0;) {
        seen.push(...idsOf(page));
        page = await store.list(ALICE, aPage({ take: 3, after: page.at(-1) }));
      }
      expect(seen).toEqual(all);
      expect(seen).toHaveLength(10);
    });

    it('continues after a session that has ended, and omits newer sign-ins', async () => {
      const old = await inserted();
      clock.advance(1000);
      const last = await inserted();
      await store.end(sessionsOf(ALICE, [last.sessionId]), end());
      clock.advance(1000);
      await inserted();
      expect(idsOf(await store.list(ALICE, aPage({ after: last })))).toEqual([old.sessionId]);
    });

    it('omits expired sessions and those of the given clients, so that a page is full', async () => {
      const old = await inserted();
      clock.advance(HOUR);
      const mail = await inserted({ clientId: 'mail' });
      for (let i = 0; i < 3; i++) await inserted({ clientId: 'hidden' });
      const page = aPage({ cutoffs: cutoffs(LIFETIMES, clock.now()), exceptClients: ['hidden'], take: 2 });
      expect(idsOf(await store.list(ALICE, page))).toEqual([mail.sessionId]);
      const all = await store.list(ALICE, aPage({ exceptClients: ['hidden'], take: 2 }));
      expect(idsOf(all)).toEqual([mail.sessionId, old.sessionId]);
    });
  });

  describe('read', () => {
    it('returns the session as find does, and undefined for an unknown id', async () => {
      const session = await inserted();
      expect(await store.read(session.sessionId)).toEqual(session);
      await store.end(everySessionOf(ALICE), end());
      expect(await store.read(session.sessionId)).toMatchObject({ endReason: 'revoked' });
      expect(await store.read(UNKNOWN_ID)).toBeUndefined();
    });
  });

  describe('update', () => {
    it('replaces the fields that the patch names and returns true', async () => {
      const session = await inserted({ extraProperties: { before: true } });
      expect(await store.update(session.sessionId, { extraProperties: { after: true } })).toBe(true);
      expect(fieldsOf(await store.find(session.sessionId))).toEqual({
        ...session,
        extraProperties: { after: true },
      });
    });

    it('replaces the data of the named protocols and keeps that of the others', async () => {
      const { sessionId } = await inserted({ protocolData: { one: { hash: 'h' }, two: { user: 'alice' } } });
      expect(await store.update(sessionId, { protocolData: { one: { user: 'bob' } } })).toBe(true);
      await store.update(sessionId, { extraProperties: { theme: 'dark' }, data: { draft: 1 } });
      expect(await store.find(sessionId)).toMatchObject({
        protocolData: { one: { user: 'bob' }, two: { user: 'alice' } },
        extraProperties: { theme: 'dark' },
        data: { draft: 1 },
      });
      expect((await store.find(sessionId))?.protocolData['one']).not.toHaveProperty('hash');
    });

    it('returns false and changes nothing if the session has ended or does not exist', async () => {
      const session = await inserted();
      await store.end(everySessionOf(ALICE), end());
      expect(await store.update(session.sessionId, { extraProperties: { late: true } })).toBe(false);
      expect(await store.update(UNKNOWN_ID, {})).toBe(false);
      expect((await store.find(session.sessionId))?.extraProperties).toEqual({});
    });
  });

  describe('raiseAssurance', () => {
    const raisedAt = (checkedAt = clock.now()) => ({
      authenticatedAt: clock.now() - 500,
      acr: 'aal2',
      amr: ['pwd', 'otp'],
      at: clock.now(),
      credentialsCheckedAt: checkedAt,
      from: null,
    });

    it('replaces the assurance of a live session, also if it was cached, and nothing else', async () => {
      const session = await inserted({ acr: 'aal1', amr: ['pwd'], data: { draft: 1 } });
      await store.find(session.sessionId);
      clock.advance(HOUR / 2);
      expect(await store.raiseAssurance(session.sessionId, raisedAt())).toBe(true);
      expect(fieldsOf(await store.find(session.sessionId))).toEqual({
        ...session,
        authenticatedAt: clock.now() - 500,
        acr: 'aal2',
        amr: ['pwd', 'otp'],
      });
    });

    const replacing = (from: StoredSession) => ({
      type: 'replace' as const,
      from: from.secretHash,
      to: sessionSecretHash(mintSecret()),
      at: clock.now(),
      earlierAssurance: { acr: null },
    });

    it('changes the secret too, or neither', async () => {
      const session = await inserted();
      const change = replacing(session);
      expect(await store.raiseAssurance(session.sessionId, raisedAt(), change)).toBe(true);
      const raised = await store.find(session.sessionId);
      expect(raised).toMatchObject({ acr: 'aal2', secretHash: change.to, earlierAssurance: { acr: null } });

      const late = { ...raisedAt(), acr: 'aal3' };
      expect(await store.raiseAssurance(session.sessionId, late, change)).toBe(false);
      const checkedAt = clock.now();
      clock.advance(1000);
      await store.changeCredentials(ALICE, clock.now());
      const refused = store.raiseAssurance(session.sessionId, raisedAt(checkedAt), replacing(raised!));
      await expect(refused).rejects.toMatchObject({ code: 'credential-changed' });
      expect(fieldsOf(await store.find(session.sessionId))).toEqual(fieldsOf(raised));
    });

    it('returns false for an ended or unknown session, and changes nothing', async () => {
      const session = await inserted();
      await store.end(sessionsOf(ALICE, [session.sessionId]), end());
      for (const id of [session.sessionId, UNKNOWN_ID, 'junk']) {
        expect(await store.raiseAssurance(id, raisedAt())).toBe(false);
        expect(await store.raiseAssurance(id, raisedAt(), replacing(session))).toBe(false);
      }
      expect((await store.find(session.sessionId))?.acr).toBeNull();
    });

    it('rejects with credential-changed if the credentials changed after they were checked', async () => {
      const session = await inserted();
      const checkedAt = clock.now();
      clock.advance(1000);
      await store.changeCredentials(BOB, clock.now());
      await store.raiseAssurance(session.sessionId, { ...raisedAt(checkedAt), acr: 'aal1' });
      await store.changeCredentials(ALICE, clock.now());
      await expect(store.raiseAssurance(session.sessionId, raisedAt(checkedAt))).rejects.toMatchObject({
        code: 'credential-changed',
      });
      expect((await store.find(session.sessionId))?.acr).toBe('aal1');
    });
  });

  describe('lowerAssurance', () => {
    const assuranceOf = async ({ sessionId }: StoredSession) => {
      const { authenticatedAt, acr, amr } = (await store.find(sessionId))!;
      return { authenticatedAt, acr, amr };
    };
    const strong = { acr: 'aal2', amr: ['pwd', 'otp', 'mfa'] };

    it('removes methods from the sessions that used one of them, and sets their level', async () => {
      const otp = await inserted(strong);
      const weak = await inserted({ acr: 'aal1', amr: ['pwd'] });
      const lowering = await store.lowerAssurance(everySessionOf(ALICE), {
        methods: ['otp', 'mfa'],
        acr: 'aal1',
      });
      expect(lowering).toEqual({ ids: [otp.sessionId], more: false });
      expect(await assuranceOf(otp)).toEqual({
        authenticatedAt: otp.authenticatedAt,
        acr: 'aal1',
        amr: ['pwd'],
      });
      expect(await assuranceOf(weak)).toEqual({
        authenticatedAt: weak.authenticatedAt,
        acr: 'aal1',
        amr: ['pwd'],
      });
      const again = await store.lowerAssurance(everySessionOf(ALICE), { methods: ['otp'], acr: null });
      expect(again).toEqual({ ids: [], more: false });
    });

    it('removes the whole assurance without methods, once', async () => {
      const session = await inserted(strong);
      const none = await inserted({ acr: null, amr: [], authenticatedAt: null });
      const { ids } = await store.lowerAssurance(everySessionOf(ALICE), { acr: null });
      expect(ids).toEqual([session.sessionId]);
      expect(await assuranceOf(session)).toEqual({ authenticatedAt: null, acr: null, amr: [] });
      expect(await assuranceOf(none)).toEqual({ authenticatedAt: null, acr: null, amr: [] });
    });

    it('changes only live sessions of the owner that are selected', async () => {
      const chosen = await inserted(strong);
      const others = [
        await inserted(strong),
        await inserted({ ...strong, userId: 'bob' }),
        await inserted({ ...strong, tenantId: 'acme' }),
      ];
      const ended = await inserted(strong);
      await store.end(sessionsOf(ALICE, [ended.sessionId]), end());
      const named = [chosen, others[1]!, others[2]!, ended].map(({ sessionId }) => sessionId);
      const { ids } = await store.lowerAssurance(sessionsOf(ALICE, named), { acr: null });
      expect(ids).toEqual([chosen.sessionId]);
      for (const session of [...others, ended]) expect((await assuranceOf(session)).acr).toBe('aal2');
    });

    it('lowers the assurance of an earlier secret too', async () => {
      const earlierAssurance = { authenticatedAt: clock.now() - HOUR, ...strong };
      const rotated = { secretIssuedAt: clock.now(), earlierAssurance };
      const session = await inserted({ acr: 'aal1', amr: ['pwd'], ...rotated });
      const earlier = async () => (await store.find(session.sessionId))?.earlierAssurance;
      const lower = (lowered: Lowered) => store.lowerAssurance(everySessionOf(ALICE), lowered);

      expect((await lower({ methods: ['sms'], acr: null })).ids).toEqual([]);
      expect(await earlier()).toEqual(earlierAssurance);
      expect((await lower({ methods: ['otp'], acr: 'aal1' })).ids).toEqual([session.sessionId]);
      expect(await earlier()).toEqual({ ...earlierAssurance, acr: 'aal1', amr: ['pwd', 'mfa'] });
      expect((await assuranceOf(session)).acr).toBe('aal1');
      expect((await lower({ acr: null })).ids).toEqual([session.sessionId]);
      expect(await earlier()).toEqual({ authenticatedAt: null, acr: null, amr: [] });
      expect((await lower({ acr: null })).ids).toEqual([]);
    });

    it('lowers many sessions in several calls', async () => {
      for (let i = 0; i < 501; i++) await inserted(strong);
      const lowered = new Set<string>();
      for (let more = true; more;) {
        const lowering = await store.lowerAssurance(everySessionOf(ALICE), { methods: ['otp'], acr: null });
        for (const id of lowering.ids) lowered.add(id);
        ({ more } = lowering);
      }
      expect(lowered.size).toBe(501);
    });
  });

  describe('changeSecret', () => {
    const hashes = Array.from({ length: 8 }, () => sessionSecretHash(mintSecret()));
    const [one, two, three, foreign] = hashes as [string, string, string, string];
    const GRACE = 60_000;

    const rotation = (from: string, to: string): SecretChange => ({
      type: 'rotate',
      from,
      to,
      salt: mintSalt(),
      at: clock.now(),
      issuedBefore: clock.now() - GRACE,
    });
    const replacement = (from: string, to: string, acr = 'low'): SecretChange => ({
      type: 'replace',
      from,
      to,
      at: clock.now(),
      earlierAssurance: { acr },
    });
    const confirmation = (from: string): SecretChange => ({
      type: 'confirm',
      from,
      at: clock.now(),
      issuedBefore: clock.now() - GRACE,
    });
    const givenAgain = (from: string): SecretChange => ({ type: 'give-again', from, at: clock.now() });

    const withSecret = () => inserted({ ...firstSecret(mintSecret()), secretHash: one, data: { draft: 1 } });

    /** Makes the changes, each after a time, and expects the state that the pure function computes. */
    async function expectChanges(steps: readonly (readonly [number, () => SecretChange])[]): Promise<void> {
      let session = await withSecret();
      const { sessionId } = session;
      const applied: boolean[] = [];
      for (const [after, change] of steps) {
        clock.advance(after);
        const made = change();
        const changed = changedSecret(session, made);
        applied.push(changed !== undefined);
        expect(await store.changeSecret(sessionId, made)).toBe(changed !== undefined);
        session = changed ?? session;
        const stored = (await store.read(sessionId))!;
        expect(secretStateOf(stored)).toEqual(secretStateOf(session));
        expect(stored.data).toEqual({ draft: 1 });
      }
      // A sequence that changes nothing, or everything, would not show that the conditions agree.
      expect(applied).toContain(true);
    }

    it('rotates, confirms and rotates again', () =>
      expectChanges([
        [0, () => rotation(one, two)],
        [GRACE, () => confirmation(two)],
        [0, () => rotation(two, three)],
      ]));

    it('changes nothing if the current secret is another one', () =>
      expectChanges([
        [GRACE, () => rotation(foreign, two)],
        [0, () => rotation(one, two)],
        [GRACE, () => rotation(one, three)],
        [0, () => confirmation(one)],
        [0, () => replacement(one, three)],
        [0, () => givenAgain(one)],
      ]));

    it('confirms only from the end of the grace period, which starts anew when the secret is given again', () =>
      expectChanges([
        [0, () => rotation(one, two)],
        [GRACE - 1, () => confirmation(two)],
        [0, () => givenAgain(two)],
        [GRACE - 1, () => confirmation(two)],
        [0, () => rotation(two, three)],
        [1, () => confirmation(two)],
        [0, () => confirmation(two)],
        [0, () => givenAgain(two)],
      ]));

    it('rotates a secret without a confirmation if the grace period is over', () =>
      expectChanges([
        [0, () => rotation(one, two)],
        [GRACE, () => rotation(two, three)],
      ]));

    it('confirms nothing before the first rotation', () =>
      expectChanges([
        [GRACE, () => confirmation(one)],
        [0, () => givenAgain(one)],
        [0, () => rotation(one, two)],
      ]));

    it('starts the grace period anew a limited number of times', () =>
      expectChanges([
        [0, () => rotation(one, two)],
        ...Array.from({ length: MOST_GIVEN_AGAIN + 1 }, () => [1, () => givenAgain(two)] as const),
      ]));

    it('keeps the earlier secrets and their assurance if secrets are replaced in a row, and not after a confirmation', () =>
      expectChanges([
        [0, () => rotation(one, two)],
        [1, () => replacement(two, three, 'low')],
        ...hashes.slice(4).map((to, at) => {
          const from = [three, ...hashes.slice(4)][at]!;
          return [1, () => replacement(from, to, 'high')] as const;
        }),
        [GRACE, () => confirmation(hashes.at(-1)!)],
        [1, () => replacement(hashes.at(-1)!, one, 'higher')],
      ]));

    it('returns false and changes nothing if the session has ended or does not exist', async () => {
      const { sessionId, ...session } = await withSecret();
      await store.end(everySessionOf(ALICE), end());
      expect(await store.changeSecret(sessionId, rotation(one, two))).toBe(false);
      expect(await store.changeSecret(UNKNOWN_ID, rotation(one, two))).toBe(false);
      expect(await store.changeSecret('junk', rotation(one, two))).toBe(false);
      expect(secretStateOf((await store.find(sessionId))!)).toEqual(secretStateOf(session));
    });

    it('lets exactly one of several parallel rotations succeed', async () => {
      const { sessionId } = await withSecret();
      const rotations = hashes.slice(1).map((to) => rotation(one, to));
      const results = await Promise.all(rotations.map((change) => store.changeSecret(sessionId, change)));
      expect(results.filter(Boolean)).toHaveLength(1);
      const won = rotations[results.indexOf(true)]!;
      expect((await store.find(sessionId))?.secretHash).toBe((won as { to: string }).to);
    });
  });

  describe('changeData', () => {
    const increment = ({ visits = 0 }: Record<string, unknown>) => ({ visits: Number(visits) + 1 });

    it('loses no parallel change', async () => {
      const { sessionId } = await inserted();
      const changes = Array.from({ length: 10 }, () => store.changeData(sessionId, increment));
      expect(await Promise.all(changes)).toEqual(Array(10).fill(true));
      expect((await store.find(sessionId))?.data).toEqual({ visits: 10 });
    });

    it('keeps the other fields', async () => {
      const session = await inserted({ data: { visits: 3 }, extraProperties: { theme: 'dark' } });
      await store.changeData(session.sessionId, increment);
      expect(fieldsOf(await store.find(session.sessionId))).toEqual({ ...session, data: { visits: 4 } });
    });

    it('rethrows what the function throws, changes nothing, and keeps working', async () => {
      const { sessionId } = await inserted({ data: { visits: 3 } });
      for (let i = 0; i < 10; i++) {
        const changing = (async () =>
          store.changeData(sessionId, () => {
            throw new Error('no stock');
          }))();
        await expect(changing).rejects.toThrow('no stock');
      }
      expect((await store.find(sessionId))?.data).toEqual({ visits: 3 });
      expect(await store.changeData(sessionId, increment)).toBe(true);
    });

    it('returns false without a call if the session has ended or does not exist', async () => {
      const { sessionId } = await inserted();
      await store.end(everySessionOf(ALICE), end());
      const change = jest.fn(() => ({}));
      for (const id of [sessionId, UNKNOWN_ID, 'junk'])
        expect(await store.changeData(id, change)).toBe(false);
      expect(change).not.toHaveBeenCalled();
    });
  });

  describe('wake', () => {
    it('drops the temporary data of an idle session, records the use and returns true', async () => {
      const { sessionId } = await inserted({ data: { draft: 'x' }, extraProperties: { theme: 'dark' } });
      clock.advance(2 * HOUR);
      expect(await store.wake(sessionId, clock.now(), clock.now() - HOUR)).toBe(true);
      expect(await store.find(sessionId)).toMatchObject({
        data: {},
        extraProperties: { theme: 'dark' },
        lastAccessed: clock.now(),
      });
    });

    it('returns true for exactly one of several parallel calls', async () => {
      const { sessionId } = await inserted();
      clock.advance(2 * HOUR);
      const woken = await Promise.all(
        Array.from({ length: 10 }, () => store.wake(sessionId, clock.now(), clock.now() - HOUR)),
      );
      expect(woken.filter(Boolean)).toHaveLength(1);
    });

    it('returns false and changes nothing if the session was used after idleSince, has ended or does not exist', async () => {
      const used = await inserted({ data: { draft: 'x' } });
      clock.advance(HOUR);
      expect(await store.wake(used.sessionId, clock.now(), clock.now() - 2 * HOUR)).toBe(false);
      expect((await store.find(used.sessionId))?.data).toEqual({ draft: 'x' });
      await store.end(everySessionOf(ALICE), end());
      expect(await store.wake(used.sessionId, clock.now(), clock.now())).toBe(false);
      expect(await store.wake(UNKNOWN_ID, clock.now(), clock.now())).toBe(false);
    });
  });

  describe('bind and confirmBinding', () => {
    it('store the key, and the time from which the session is bound', async () => {
      const { sessionId } = await inserted();
      expect(await store.bind(sessionId, 'a key')).toBe(true);
      expect(await store.find(sessionId)).toMatchObject({ boundKey: 'a key', boundAt: null });
      expect(await store.confirmBinding(sessionId, 'a key', clock.now())).toBe(true);
      expect(await store.find(sessionId)).toMatchObject({ boundKey: 'a key', boundAt: clock.now() });
    });

    it('keep the last key until one is confirmed, and that one from then on', async () => {
      const { sessionId } = await inserted();
      const keys = Array.from({ length: 10 }, (_, index) => `key ${index}`);
      const bound = await Promise.all(keys.map((key) => store.bind(sessionId, key)));
      expect(bound).not.toContain(false);
      const key = (await store.find(sessionId))!.boundKey!;
      const confirmed = await Promise.all(
        keys.map((each) => store.confirmBinding(sessionId, each, clock.now())),
      );
      expect(keys.filter((_, index) => confirmed[index])).toEqual([key]);
      clock.advance(1000);
      expect(await store.bind(sessionId, 'another key')).toBe(false);
      expect(await store.confirmBinding(sessionId, key, clock.now())).toBe(false);
      expect(await store.find(sessionId)).toMatchObject({ boundKey: key, boundAt: clock.now() - 1000 });
    });

    it('return false and change nothing if the session has ended or does not exist', async () => {
      const { sessionId } = await inserted();
      await store.bind(sessionId, 'a key');
      await store.end(everySessionOf(ALICE), end());
      expect(await store.bind(sessionId, 'another key')).toBe(false);
      expect(await store.confirmBinding(sessionId, 'a key', clock.now())).toBe(false);
      expect(await store.find(sessionId)).toMatchObject({ boundKey: 'a key', boundAt: null });
      expect(await store.bind(UNKNOWN_ID, 'a key')).toBe(false);
      expect(await store.confirmBinding(UNKNOWN_ID, 'a key', clock.now())).toBe(false);
    });
  });

  describe('use', () => {
    it('returns the session as it is after the use, and find and list return the same', async () => {
      const { sessionId } = await inserted({ node: 'one' });
      for (const address of ['198.51.100.7', '198.51.100.8']) {
        clock.advance(5000);
        const found = (await store.find(sessionId))!;
        const used = await store.use(found, { at: clock.now(), ipAddresses: [address], node: 'two' });
        const after = { lastAccessed: clock.now(), node: 'two', ipAddresses: [...used.ipAddresses] };
        expect(used.ipAddresses.at(-1)).toBe(address);
        const [listed] = await store.list(ALICE, aPage());
        for (const seen of [used, listed, await store.find(sessionId)]) expect(seen).toMatchObject(after);
        await settle();
      }
    });

    it('of a session that has ended in the meantime does not revive it', async () => {
      const { sessionId } = await inserted();
      const found = (await store.find(sessionId))!;
      await store.end(everySessionOf(ALICE), end());
      await store.use(found, { at: clock.now() + 1, ipAddresses: [] });
      await settle();
      expect(await store.find(sessionId)).toMatchObject({ endReason: 'revoked', lastAccessed: null });
    });
  });

  describe('touch', () => {
    const touched = async (id: string, ipAddresses: string[] = [], at = clock.now()) => {
      const result = await store.touch([{ id, at, ipAddresses }]);
      await settle();
      return result;
    };

    it('is visible in find and list immediately', async () => {
      const { sessionId } = await inserted();
      clock.advance(5000);
      await store.touch([{ id: sessionId, at: clock.now(), ipAddresses: ['198.51.100.7'] }]);
      const [listed] = await store.list(ALICE, aPage());
      for (const seen of [listed, await store.find(sessionId)]) {
        expect(seen).toMatchObject({ lastAccessed: clock.now(), ipAddresses: ['192.0.2.1', '198.51.100.7'] });
      }
    });

    it('moves lastAccessed forward and never back', async () => {
      const { sessionId } = await inserted();
      clock.advance(5000);
      const at = clock.now();
      await touched(sessionId);
      await touched(sessionId, [], at - 3000);
      expect((await store.find(sessionId))?.lastAccessed).toBe(at);
    });

    it('appends a new address, and moves a known address to the end', async () => {
      const { sessionId } = await inserted({ ipAddresses: ['192.0.2.1'] });
      await touched(sessionId, ['198.51.100.7']);
      await touched(sessionId, ['198.51.100.7']);
      await touched(sessionId, ['192.0.2.1']);
      expect((await store.find(sessionId))?.ipAddresses).toEqual(['198.51.100.7', '192.0.2.1']);
    });

    it('keeps the address of the sign-in when many addresses alternate', async () => {
      const [signIn, ...others] = Array.from({ length: 200 }, (_, i) => `203.0.113.${i}`);
      const { sessionId } = await inserted({ signInAddress: signIn!, ipAddresses: [signIn!] });
      await touched(sessionId, ['192.0.2.1', signIn!]);
      for (const address of others)
        await store.touch([{ id: sessionId, at: clock.now(), ipAddresses: [address, '192.0.2.1'] }]);
      await settle();
      const kept = (await store.find(sessionId))!.ipAddresses;
      expect(kept[0]).toBe(signIn);
      expect(kept.at(-1)).toBe('192.0.2.1');
      expect(new Set(kept).size).toBe(kept.length);
      expect(kept.join().length).toBeLessThanOrEqual(2048);
    });

    it('drops the oldest addresses if the list exceeds 2048 characters, and never cuts an address', async () => {
      const many = Array.from({ length: 200 }, (_, i) => `203.0.113.${i}`);
      const { sessionId } = await inserted({ ipAddresses: many.slice(0, 1) });
      for (const address of many)
        await store.touch([{ id: sessionId, at: clock.now(), ipAddresses: [address] }]);
      await settle();
      const kept = (await store.find(sessionId))!.ipAddresses;
      expect(kept.join().length).toBeLessThanOrEqual(2048);
      expect(kept.slice(-100)).toEqual(many.slice(-100));
      expect(many).toEqual(expect.arrayContaining([...kept]));
    });

    it('records the node that served the session last', async () => {
      const { sessionId } = await inserted({ node: 'one' });
      await store.touch([{ id: sessionId, at: clock.now(), ipAddresses: [], node: 'two' }]);
      await settle();
      expect((await store.find(sessionId))?.node).toBe('two');
      await store.touch([{ id: sessionId, at: clock.now(), ipAddresses: [] }]);
      await store.touch([{ id: sessionId, at: clock.now(), ipAddresses: [], node: 'three' }]);
      expect((await store.find(sessionId))?.node).toBe('three');
      await store.touch([{ id: sessionId, at: clock.now(), ipAddresses: [], node: 'two' }]);
      await touched(sessionId);
      expect((await store.find(sessionId))?.node).toBe('two');
    });

    it('does not change the node if the touch is older than the last use', async () => {
      const { sessionId } = await inserted({ node: 'one' });
      clock.advance(1000);
      const at = clock.now();
      await store.touch([{ id: sessionId, at, ipAddresses: ['198.51.100.7'], node: 'two' }]);
      await settle();
      await store.touch([{ id: sessionId, at: at - 1, ipAddresses: ['198.51.100.8'], node: 'one' }]);
      await settle();
      expect((await store.find(sessionId))?.node).toBe('two');
    });

    it('neither revives an ended session nor creates an unknown one', async () => {
      const session = await inserted();
      await store.end(everySessionOf(ALICE), end());
      await touched(session.sessionId);
      await touched(UNKNOWN_ID);
      expect((await store.find(session.sessionId))?.endedAt).not.toBeNull();
      expect((await store.find(session.sessionId))?.lastAccessed).toBeNull();
      expect(await store.find(UNKNOWN_ID)).toBeUndefined();
    });
  });

  describe('end', () => {
    it('ends the named sessions and returns them, and ends nothing when it is repeated', async () => {
      const [one, two] = [await inserted(), await inserted()];
      const which = sessionsOf(ALICE, [one.sessionId]);
      expect(idsOf((await store.end(which, end())).ended)).toEqual([one.sessionId]);
      expect(await store.end(which, end('administrator'))).toEqual(NOTHING);
      expect((await store.find(one.sessionId))?.endReason).toBe('revoked');
      expect((await store.find(two.sessionId))?.endedAt).toBeNull();
    });

    it('ends all sessions of the owner except one', async () => {
      const kept = await inserted();
      const others = [await inserted(), await inserted()];
      const { ended } = await store.end(otherSessionsOf(ALICE, kept.sessionId), end());
      expect(idsOf(ended).sort()).toEqual(idsOf(others).sort());
      expect(idsOf(await store.list(ALICE, aPage()))).toEqual([kept.sessionId]);
    });

    it('returns the owner, the client, the auth id, the reason and the actor of each ended session', async () => {
      const fields = { tenantId: 'acme', clientId: 'mail', authId: 'login-1' };
      const { sessionId, userId } = await inserted(fields);
      const owner = { tenantId: 'acme', userId };
      const { ended } = await store.end(everySessionOf(owner), end('administrator'));
      expect(ended).toEqual([{ sessionId, userId, ...fields, endReason: 'administrator', endedBy: 'alice' }]);
    });

    it('ends the sessions on one kind of device', async () => {
      const web = await inserted();
      const mobile = await inserted({ device: 'Mobile' });
      expect(idsOf((await store.end({ owner: ALICE, device: 'Mobile' }, end())).ended)).toEqual([
        mobile.sessionId,
      ]);
      expect(idsOf(await store.list(ALICE, aPage()))).toEqual([web.sessionId]);
    });

    it('does not end a session of another owner, even if it is named by id', async () => {
      const { sessionId } = await inserted();
      for (const owner of [BOB, { tenantId: 'acme', userId: 'alice' }]) {
        expect(await store.end(sessionsOf(owner, [sessionId]), end())).toEqual(NOTHING);
      }
      expect((await store.find(sessionId))?.endedAt).toBeNull();
    });

    it('ends nothing for an empty list of ids', async () => {
      await inserted();
      expect(await store.end(sessionsOf(ALICE, []), end())).toEqual(NOTHING);
      expect(await store.list(ALICE, aPage())).toHaveLength(1);
    });
  });

  describe('endEverything', () => {
    const epoch = () => ({ at: clock.now(), by: 'root' });

    it('ends every session that signed in by then, and none that signs in later', async () => {
      const before = await inserted();
      const bobs = await inserted({ userId: 'bob', tenantId: 'acme' });
      await store.endEverything({}, epoch());
      const ended = { endedAt: clock.now(), endReason: 'administrator', endedBy: 'root' };
      clock.advance(1);
      const after = await inserted();
      expect(fieldsOf(await store.find(before.sessionId))).toEqual({ ...before, ...ended });
      expect(fieldsOf(await store.find(bobs.sessionId))).toEqual({ ...bobs, ...ended });
      expect(fieldsOf(await store.find(after.sessionId))).toEqual(after);
      expect(idsOf(await store.list(ALICE, aPage()))).toEqual([after.sessionId]);
    });

    it.each([
      ['of one tenant', 'acme', ['acme']],
      ['without a tenant', null, [null]],
      ['of all tenants', undefined, ['acme', 'other', null]],
    ] as const)('ends exactly the sessions %s if its scope says so', async (_, tenantId, reached) => {
      const sessions = [];
      for (const tenant of ['acme', 'other', null]) sessions.push(await inserted({ tenantId: tenant }));
      await store.endEverything(tenantId === undefined ? {} : { tenantId }, epoch());
      for (const { sessionId, tenantId: tenant } of sessions) {
        expect((await store.find(sessionId))?.endedAt !== null).toBe(new Set<unknown>(reached).has(tenant));
      }
    });

    it('is final: neither a later call with an earlier time nor a touch, wake or update revives a session', async () => {
      clock.advance(1000);
      const { sessionId } = await inserted();
      await store.endEverything({}, epoch());
      const endedAt = clock.now();
      await store.endEverything({}, { at: 0, by: null });
      await store.touch([{ id: sessionId, at: clock.now() + 1, ipAddresses: [] }]);
      await settle();
      expect((await store.find(sessionId))?.endedAt).toBe(endedAt);
      expect(await store.wake(sessionId, clock.now(), clock.now() + HOUR)).toBe(false);
      expect(await store.update(sessionId, { data: { late: true } })).toBe(false);
    });

    it('ends a session that signed in by then, even if it is inserted later', async () => {
      const late = aSession(clock.now());
      await store.endEverything({}, epoch());
      clock.advance(1000);
      await insert(late);
      expect((await store.find(late.sessionId))?.endReason).toBe('administrator');
    });

    it('does not change a session that had ended before', async () => {
      const { sessionId } = await inserted();
      await store.end(everySessionOf(ALICE), end('signed-out'));
      clock.advance(1000);
      await store.endEverything({}, epoch());
      expect(await store.find(sessionId)).toMatchObject({ endReason: 'signed-out', endedBy: 'alice' });
      expect(await store.end(everySessionOf(ALICE), end())).toEqual(NOTHING);
    });

    it('removes the ended sessions from limits and releases their auth ids', async () => {
      const { sessionId } = await inserted({ authId: 'login-1' });
      await store.endEverything({}, epoch());
      clock.advance(1);
      const limits = [{ max: 1, per: 'user', onLimit: 'refuse' }] as const;
      await insert(aSession(clock.now(), { authId: 'login-1' }), { limits });
      expect(idsOf(await store.list(ALICE, aPage()))).not.toContain(sessionId);
    });
  });

  describe('erase', () => {
    it('deletes live and ended sessions of one user, a limited number at once', async () => {
      const [live, ended] = [await inserted(), await inserted()];
      const other = await inserted({ tenantId: 'acme' });
      await store.end(sessionsOf(ended, [ended.sessionId]), end());
      const erased = [...(await store.erase(ALICE, 1)), ...(await store.erase(ALICE, 1))];
      expect(erased.sort()).toEqual(idsOf([live, ended]).sort());
      expect(await store.erase(ALICE, 1)).toEqual([]);
      for (const { sessionId } of [live, ended]) expect(await store.find(sessionId)).toBeUndefined();
      expect(await store.find(other.sessionId)).toBeDefined();
    });
  });

  describe('search and count', () => {
    const live = () => cutoffs(LIFETIMES, clock.now());
    const newest = [{ by: 'signedIn', descending: true }] as const;
    const search = async (given: Partial<Search> = {}) =>
      store.search({ filter: {}, cutoffs: live(), order: newest, skip: 0, take: 50, ...given });

    async function several(): Promise<StoredSession[]> {
      const all: StoredSession[] = [];
      for (const fields of [
        { userId: 'alice', device: 'Web', clientId: 'mail' },
        { userId: 'alice', device: 'Mobile', tenantId: 'acme' },
        { userId: 'bob', device: 'Web', tenantId: 'acme' },
        { userId: 'bob', device: 'OAuth', clientId: 'mail', tenantId: 'other' },
      ]) {
        all.push(await inserted({ ...fields, deviceInfo: `${fields.userId} on ${fields.device}` }));
        clock.advance(1000);
      }
      return all;
    }

    it.each([
      [{}, [3, 2, 1, 0]],
      [{ tenantId: 'acme' }, [2, 1]],
      [{ tenantId: null }, [0]],
      [{ userId: 'bob' }, [3, 2]],
      [{ device: 'Web' }, [2, 0]],
      [{ clientId: 'mail' }, [3, 0]],
      [{ tenantId: 'acme', userId: 'alice', device: 'Mobile' }, [1]],
      [{ userId: 'nobody' }, []],
    ])(
      'return and count the live sessions that match the filter %j, newest sign-in first',
      async (filter, expected) => {
        const sessions = await several();
        expect(await search({ filter })).toEqual(expected.map((at) => sessions[at]));
        expect(await store.count(filter, live())).toBe(expected.length);
      },
    );

    it.each([
      [[{ by: 'signedIn', descending: false }], [0, 1, 2, 3]],
      [[{ by: 'lastAccessed', descending: true }], [0, 3, 2, 1]],
      [[{ by: 'device', descending: false }], [1, 3, 0, 2]],
      [[{ by: 'deviceInfo', descending: true }], [2, 3, 0, 1]],
      [[{ by: 'userId', descending: true }], [3, 2, 1, 0]],
      [[{ by: 'clientId', descending: false }], [1, 2, 0, 3]],
      [[{ by: 'ipAddresses', descending: true }], [0, 3, 2, 1]],
      [
        [
          { by: 'clientId', descending: false },
          { by: 'signedIn', descending: true },
        ],
        [2, 1, 3, 0],
      ],
      [
        [
          { by: 'userId', descending: false },
          { by: 'device', descending: false },
        ],
        [1, 0, 3, 2],
      ],
    ] as const)('sort by %j, and by id if the values are equal', async (order, expected) => {
      const sessions = await several();
      await store.touch([{ id: sessions[0]!.sessionId, at: clock.now(), ipAddresses: ['198.51.100.7'] }]);
      await settle();
      expect(idsOf(await search({ order }))).toEqual(idsOf(expected.map((at) => sessions[at]!)));
    });

    it('finds live sessions, ended ones with reason and actor, or both', async () => {
      const expired = await inserted({ signedIn: clock.now() - 8 * DAY });
      const [kept, revoked] = [await inserted(), await inserted()];
      await store.end(sessionsOf(revoked, [revoked.sessionId]), end());
      const found = async (state?: 'live' | 'ended' | 'any') => {
        const filter = state === undefined ? {} : { state };
        const sessions = await search({ filter });
        expect(await store.count(filter, live())).toBe(sessions.length);
        return idsOf(sessions).sort();
      };
      const [one, two, three] = [kept, revoked, expired].map(({ sessionId }) => sessionId);
      expect(await found()).toEqual([one]);
      expect(await found('live')).toEqual([one]);
      expect(await found('ended')).toEqual([two, three].sort());
      expect(await found('any')).toEqual([one, two, three].sort());
      const ended = (await search({ filter: { state: 'ended', userId: 'alice', tenantId: null } }))[0];
      expect(ended).toMatchObject({ endReason: 'revoked', endedBy: 'alice', endedAt: clock.now() });
    });

    it('finds sessions that ended with everything, with their time and actor', async () => {
      const { sessionId } = await inserted();
      await store.endEverything({}, { at: clock.now() + 1, by: 'root' });
      const [ended] = await search({ filter: { state: 'ended' } });
      expect(ended).toMatchObject({ sessionId, endReason: 'administrator', endedBy: 'root' });
      expect(await search({})).toEqual([]);
    });

    it('omit ended and expired sessions', async () => {
      await inserted();
      await store.end(everySessionOf(ALICE), end());
      await inserted({ userId: 'bob' });
      clock.advance(2 * HOUR);
      expect(await search()).toEqual([]);
      expect(await store.count({}, live())).toBe(0);
    });

    it('continue after a given session, even if that session has ended since', async () => {
      const sessions = await several();
      const [first, second] = await search({ take: 2 });
      await store.end({ owner: second!, only: [second!.sessionId] }, end());
      await inserted();
      const rest = await search({ after: second });
      expect(idsOf(rest)).toEqual(idsOf([sessions[1]!, sessions[0]!]));
      expect(first!.sessionId).toBe(sessions[3]!.sessionId);
      const up = [{ by: 'signedIn', descending: false }] as const;
      expect(idsOf(await search({ order: up, after: sessions[2] }))[0]).toBe(sessions[3]!.sessionId);
    });

    it('order sessions with the same sign-in time by id, so that pages neither repeat nor lose a session', async () => {
      const all = idsOf([await inserted(), await inserted(), await inserted()])
        .sort()
        .reverse();
      const pages = [await search({ take: 2 }), await search({ skip: 2, take: 2 })].flat();
      expect(idsOf(pages)).toEqual(all);
      const [, second] = pages;
      expect(idsOf(await search({ after: second }))).toEqual(all.slice(2));
    });
  });

  describe('count by node', () => {
    it('counts the live sessions of all owners that the node opened or served last', async () => {
      const count = async (node: string) => store.count({ node }, cutoffs(LIFETIMES, clock.now()));
      const expired = await inserted({ node: 'one' });
      await inserted({ node: 'one', staySignedIn: true });
      clock.advance(2 * HOUR);
      const ended = await inserted({ node: 'one' });
      const moved = await inserted({ node: 'two', userId: 'bob' });
      await inserted({ userId: 'bob' });
      expect([await count('one'), await count('two'), await count('three')]).toEqual([2, 1, 0]);
      expect(await store.find(expired.sessionId)).toMatchObject({ endedAt: null });

      await store.end(sessionsOf(ALICE, [ended.sessionId]), end());
      const ipAddresses = ['198.51.100.7'];
      await store.touch([{ id: moved.sessionId, at: clock.now(), ipAddresses, node: 'one' }]);
      await settle();
      expect([await count('one'), await count('two')]).toEqual([2, 0]);
      clock.advance(7 * DAY);
      expect(await count('one')).toBe(0);
    });
  });

  describe('policy and setPolicy', () => {
    it('start with an empty policy, and keep the settings that a patch does not name', async () => {
      expect(await store.policy()).toEqual({});
      await store.setPolicy({ preventConcurrentLogin: 'LogoutFromAllDevices' });
      await store.setPolicy({ protocols: { one: { minutes: 20 }, two: {} } });
      await store.setPolicy({ protocols: { one: { seconds: 30 } } });
      expect(await store.policy()).toEqual({
        preventConcurrentLogin: 'LogoutFromAllDevices',
        protocols: { one: { seconds: 30 }, two: {} },
      });
      await store.setPolicy({ preventConcurrentLogin: 'Disabled' });
      expect(await store.policy()).toMatchObject({
        preventConcurrentLogin: 'Disabled',
        protocols: { two: {} },
      });
    });

    it('return the idle timeout with every session that does not stay signed in, until it is removed', async () => {
      const brief = await inserted();
      const lasting = await inserted({ staySignedIn: true });
      await store.find(brief.sessionId);
      await store.setPolicy({ idleTimeout: 90_000 });
      expect(await store.policy()).toEqual({ idleTimeout: 90_000 });
      const points = cutoffs(LIFETIMES, clock.now(), 90_000);
      const order = [{ by: 'signedIn', descending: true }] as const;
      const found = [
        await store.find(brief.sessionId),
        await store.read(brief.sessionId),
        (await store.list(ALICE, aPage())).find(({ staySignedIn }) => !staySignedIn),
        (await store.search({ filter: {}, cutoffs: points, order, skip: 0, take: 9 })).find(
          ({ staySignedIn }) => !staySignedIn,
        ),
      ];
      for (const session of found) expect(fieldsOf(session)).toEqual({ ...brief, idleTimeout: 90_000 });
      expect(fieldsOf(await store.find(lasting.sessionId))).toEqual(lasting);
      await store.setPolicy({ idleTimeout: null });
      expect(await store.policy()).toEqual({});
      expect(fieldsOf(await store.find(brief.sessionId))).toEqual(brief);
    });

    it('keep each limit of sessions on its own, also Infinity, until it is removed', async () => {
      const limits = {
        maxSessionsPerUser: 5,
        maxSessionsPerClient: Infinity,
        maxSessionsPerDevice: 1_000_000,
      };
      await store.setPolicy({ preventConcurrentLogin: 'Disabled', maxSessionsPerUser: 3 });
      await store.setPolicy(limits);
      expect(await store.policy()).toEqual({ preventConcurrentLogin: 'Disabled', ...limits });
      await store.setPolicy({ maxSessionsPerUser: null, preventConcurrentLogin: null });
      await store.setPolicy({ maxSessionsPerClient: null });
      expect(await store.policy()).toEqual({ maxSessionsPerDevice: 1_000_000 });
    });

    it('remove the settings that a patch sets to null', async () => {
      const protocols = { one: { minutes: 20 }, two: {} };
      await store.setPolicy({ preventConcurrentLogin: 'Disabled', protocols });
      await store.setPolicy({ preventConcurrentLogin: null });
      expect(await store.policy()).toEqual({ protocols });
      await store.setPolicy({ protocols: { one: null, unknown: null } });
      expect(await store.policy()).toEqual({ protocols: { two: {} } });
      await store.setPolicy({ preventConcurrentLogin: 'LogoutFromAllDevices', protocols: { two: null } });
      expect(await store.policy()).toEqual({ preventConcurrentLogin: 'LogoutFromAllDevices' });
      await store.setPolicy({});
      expect(await store.policy()).toEqual({ preventConcurrentLogin: 'LogoutFromAllDevices' });
    });
  });

  describe('sweep', () => {
    it('deletes only sessions that ended before the retention period, and returns their number', async () => {
      const old = await inserted();
      await store.end(sessionsOf(ALICE, [old.sessionId]), end());
      clock.advance(10 * DAY);
      const recent = await inserted();
      await store.end(sessionsOf(ALICE, [recent.sessionId]), end());
      const live = await inserted();

      const retained = { endedAfter: clock.now() - 7 * DAY, cutoffs: cutoffs(LIFETIMES, clock.now()) };
      expect(await store.sweep(retained, 100)).toBe(1);
      expect(await store.find(recent.sessionId)).toBeDefined();
      expect(await store.find(live.sessionId)).toBeDefined();
    });

    it('deletes no more sessions than the limit', async () => {
      for (let i = 0; i < 5; i++) await inserted();
      clock.advance(30 * DAY);
      const retained = { endedAfter: clock.now() - DAY, cutoffs: cutoffs(LIFETIMES, clock.now()) };
      expect(await store.sweep(retained, 3)).toBe(3);
      expect(await store.sweep(retained, 3)).toBe(2);
      expect(await store.sweep(retained, 3)).toBe(0);
    });
  });

  describe('sweep of expired sessions', () => {
    /** Keeps expired sessions for one day, and no unused session for longer than ten days. */
    const retained = (lifetimes: Lifetimes) => {
      const expired = cutoffs(lifetimes, clock.now() - DAY);
      const unused = clock.now() - 10 * DAY;
      return {
        endedAfter: clock.now() - DAY,
        cutoffs: {
          ...expired,
          short: Math.max(expired.short, unused),
          long: Math.max(expired.long, unused),
        },
      };
    };

    const ages = [0, DAY, DAY + HOUR - 1, DAY + HOUR, 2 * DAY, 8 * DAY - 1, 8 * DAY, 10 * DAY, 11 * DAY];
    const cases = ages.flatMap((age) =>
      [true, false].flatMap((staySignedIn) =>
        [
          { setting: 'the default lifetimes', lifetimes: LIFETIMES },
          { setting: 'autologin off', lifetimes: { ...LIFETIMES, autologin: false } },
          { setting: 'a long lifetime of 20 days', lifetimes: { ...LIFETIMES, long: 20 * DAY } },
          { setting: 'an absolute lifetime of 2 hours', lifetimes: { ...LIFETIMES, absolute: 2 * HOUR } },
        ].map((each) => ({ age, staySignedIn, ...each })),
      ),
    );

    it.each(cases)(
      'deletes exactly the sessions that are not retained: $age ms old, staySignedIn $staySignedIn, $setting',
      async ({ age, staySignedIn, lifetimes }) => {
        const unused = await inserted({ staySignedIn });
        const used = await inserted({
          staySignedIn,
          signedIn: clock.now() - HOUR,
          lastAccessed: clock.now(),
        });
        clock.advance(age);
        const gone = [unused, used].filter((session) => !isLive(session, retained(lifetimes).cutoffs));
        expect(await store.sweep(retained(lifetimes), 100)).toBe(gone.length);
        expect(idsOf(await store.list(ALICE, aPage()))).toHaveLength(2 - gone.length);
      },
    );

    it('measures the age from the last use, or from the sign-in if the session was never used', async () => {
      const unused = await inserted();
      const old = await inserted({ signedIn: clock.now() - 40 * DAY, lastAccessed: clock.now() });
      await inserted({ signedIn: clock.now() - 40 * DAY });
      expect(await store.sweep(retained(LIFETIMES), 100)).toBe(1);
      expect(idsOf(await store.list(ALICE, aPage()))).toEqual([unused.sessionId, old.sessionId]);
    });
  });

  describe('crowded', () => {
    it('returns the owners with more than the given number of sessions that are not marked as ended', async () => {
      for (let i = 0; i < 3; i++) await inserted();
      for (let i = 0; i < 2; i++) await inserted({ userId: 'bob' });
      for (let i = 0; i < 3; i++) await inserted({ tenantId: 'acme' });
      const other = await inserted({ userId: 'bob' });
      await store.end(sessionsOf(BOB, [other.sessionId]), end());
      const { owners, next } = await store.crowded(2);
      expect(next).toBeUndefined();
      expect(owners).toHaveLength(2);
      expect(owners).toEqual(expect.arrayContaining([ALICE, { tenantId: 'acme', userId: 'alice' }]));
      expect((await store.crowded(3)).owners).toEqual([]);
    });
  });

  describe('endUnused', () => {
    it('keeps the live sessions that were used last, and ends live and expired ones with their own reasons', async () => {
      const expired = await inserted();
      clock.advance(HOUR);
      const unused = await inserted({ signedIn: clock.now() - 5 * HOUR, staySignedIn: true });
      const used = await inserted({ signedIn: clock.now() - 9 * HOUR, lastAccessed: clock.now() });
      await inserted({ userId: 'bob' });
      const kept = { max: 1, cutoffs: cutoffs(LIFETIMES, clock.now()), at: clock.now() };
      const ended = await store.endUnused(ALICE, kept);
      const reasons = ended.map(({ sessionId, endReason }) => [sessionId, endReason]);
      expect(reasons.sort()).toEqual(
        [
          [expired.sessionId, 'expired'],
          [unused.sessionId, 'displaced'],
        ].sort(),
      );
      expect(await store.endUnused(ALICE, kept)).toEqual([]);
      expect((await store.find(used.sessionId))?.endedAt).toBeNull();
      expect((await store.find(unused.sessionId))?.endReason).toBe('displaced');
    });

    it('ends an expired session before a live one that was used earlier', async () => {
      const live = await inserted({ staySignedIn: true, signedIn: clock.now() - 5 * HOUR });
      const expired = await inserted({ signedIn: clock.now() - 2 * HOUR });
      const kept = { max: 1, cutoffs: cutoffs(LIFETIMES, clock.now()), at: clock.now() };
      expect(idsOf(await store.endUnused(ALICE, kept))).toEqual([expired.sessionId]);
      expect((await store.find(live.sessionId))?.endedAt).toBeNull();
    });
  });

  describe('hibernate', () => {
    const hibernate = (limit = 100) => store.hibernate(cutoffs(LIFETIMES, clock.now()), limit);
    const hibernating = () =>
      inserted({ staySignedIn: true, data: { draft: 'x' }, extraProperties: { a: 1 } });

    it('drops only the temporary data of hibernating sessions, and returns each of them once', async () => {
      const session = await hibernating();
      await inserted({ staySignedIn: true });
      clock.advance(HOUR);
      expect(await hibernate()).toEqual({ dropped: 1, sessions: [referenceTo(session)] });
      expect(await hibernate()).toEqual({ dropped: 0, sessions: [] });
      expect(fieldsOf(await store.find(session.sessionId))).toEqual({ ...session, data: {} });
    });

    it('does not change sessions that are active, were woken or have ended', async () => {
      const old = { staySignedIn: true, data: { draft: 'x' }, signedIn: clock.now() - 2 * HOUR };
      const ended = await inserted(old);
      await store.end(sessionsOf(ALICE, [ended.sessionId]), end());
      const used = await inserted({ ...old, lastAccessed: clock.now() - HOUR + 1 });
      const woken = await inserted(old);
      await store.wake(woken.sessionId, clock.now(), clock.now() - HOUR);
      await store.update(woken.sessionId, { data: { draft: 'y' } });
      expect(await hibernate()).toEqual({ dropped: 0, sessions: [] });
      expect((await store.find(used.sessionId))?.data).toEqual({ draft: 'x' });
      expect((await store.find(woken.sessionId))?.data).toEqual({ draft: 'y' });
      expect((await store.find(ended.sessionId))?.data).toEqual({ draft: 'x' });
    });

    it('keeps the data of a session that an idle timeout of the policy keeps active', async () => {
      const active = await inserted({ data: { draft: 'x' } });
      const asleep = await inserted({ data: { draft: 'x' }, staySignedIn: true });
      clock.advance(HOUR);
      const { sessions } = await store.hibernate(cutoffs(LIFETIMES, clock.now(), 2 * HOUR), 10);
      expect(sessions).toEqual([referenceTo(asleep)]);
      expect((await store.find(active.sessionId))?.data).toEqual({ draft: 'x' });
    });

    it('drops the temporary data of expired sessions, but does not return them as hibernating', async () => {
      const { sessionId } = await inserted({ data: { draft: 'x' } });
      clock.advance(HOUR);
      expect(await hibernate()).toEqual({ dropped: 1, sessions: [] });
      expect((await store.find(sessionId))?.data).toEqual({});
    });

    it('changes no more sessions than the limit', async () => {
      for (let i = 0; i < 5; i++) await hibernating();
      clock.advance(HOUR);
      const dropped: number[] = [];
      for (let i = 0; i < 3; i++) dropped.push((await hibernate(3)).dropped);
      expect(dropped).toEqual([3, 2, 0]);
    });
  });

  describe('liveness', () => {
    const ages = [0, HOUR - 1, HOUR, HOUR + 1, 7 * DAY - 1, 7 * DAY, 7 * DAY + 1, 40 * DAY];
    const cases = ages.flatMap((age) =>
      [true, false].flatMap((staySignedIn) =>
        [true, false].flatMap((autologin) =>
          [Infinity, 6 * DAY].map((absolute) => ({ age, staySignedIn, autologin, absolute })),
        ),
      ),
    );

    it.each(cases)(
      'agrees with stage(): $age ms old, staySignedIn $staySignedIn, autologin $autologin, absolute $absolute',
      async ({ age, staySignedIn, autologin, absolute }) => {
        const lifetimes = { ...LIFETIMES, autologin, absolute };
        const session = await inserted({ staySignedIn });
        clock.advance(age);
        const now = clock.now();
        const limits = [{ max: 1, per: 'user', onLimit: 'endOldest' }] as const;
        const { ended } = await insert(aSession(now), { limits, cutoffs: cutoffs(lifetimes, now) });
        expect(idsOf(ended).includes(session.sessionId)).toBe(stage(session, lifetimes, now) !== 'ended');
      },
    );

    it.each([
      ['long before the sign-in', -5 * HOUR],
      ['after the sign-in', HOUR / 2],
      ['at an unknown time', null],
    ])('agrees with stage() if the user was authenticated %s', async (_, since) => {
      const lifetimes = { ...LIFETIMES, absolute: 6 * HOUR };
      const signedIn = clock.now();
      const authenticatedAt = since === null ? null : signedIn + since;
      const over = (authenticatedAt ?? signedIn) + 6 * HOUR;
      const session = await inserted({ staySignedIn: true, authenticatedAt });
      for (const now of [over - 1, over]) {
        clock.advance(now - clock.now());
        const page = aPage({ cutoffs: cutoffs(lifetimes, now) });
        const live = idsOf(await store.list(ALICE, page)).includes(session.sessionId);
        expect(live).toBe(now < over);
        expect(live).toBe(stage(session, lifetimes, now) !== 'ended');
      }
    });
  });
}
