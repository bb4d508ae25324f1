import {
  createIdentitySessionManager,
  everySessionOf,
  memory,
  otherSessionsOf,
  type SessionError,
  sessionsOf,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type Revocation,
  type SessionEvent,
  type SignIn,
} from '../../lib';
import { plainRefusal } from '../../lib/errors';
import { ForwardingStore, type End, type Ending } from '../../lib/store';
import { satisfies } from '../support/compliance';
import { FakeClock } from '../support/clock';
import { until } from '../support/gate';
import { managerOn } from '../support/manager';
import { nodesOnADatabase, open, refusal } from '../support/nodes';
import { DAY } from '../support/sessions';

const nodes = nodesOnADatabase();
const use = (options?: IdentitySessionOptions) => nodes.use(options);

const owner = { tenantId: null, userId: 'alice' };

const liveCount = async () => (await nodes.database.knex('identity_sessions').whereNull('ended_at')).length;

describe('open', () => {
  it('returns the session with the user, the device and the normalized address, without the secret hash', async () => {
    const { session } = await open(use());
    expect(session).toMatchObject({
      userId: 'alice',
      ipAddresses: ['192.0.2.1'],
      userAgent: 'curl/8',
      device: 'Web',
    });
    expect(session).not.toHaveProperty('secretHash');
  });

  it.each([undefined, null, 42, {}])(
    'rejects the user id %j and suggests String(user.id)',
    async (userId) => {
      await expect(use().open({ userId: userId as never })).rejects.toThrow(/write `String\(user\.id\)`/);
      expect(await liveCount()).toBe(0);
    },
  );

  it('ends the session in replaces only if its secret is correct', async () => {
    const manager = use();
    const { session, credentials } = await open(manager);
    await open(manager, { replaces: { sessionId: session.sessionId, secret: 'A'.repeat(43) } });
    expect(await liveCount()).toBe(2);
    await open(manager, { replaces: credentials });
    expect(await liveCount()).toBe(2);
  });
});

it('reports the sessions that the store ended before a later call of the same end failed', async () => {
  let calls = 0;
  class Failing extends ForwardingStore {
    override async end(which: Revocation, end: End): Promise<Ending> {
      if (++calls > 1) throw plainRefusal('store-unavailable');
      return { ...(await super.end(which, end)), more: true };
    }
  }
  const ended: string[] = [];
  const report = (event: SessionEvent) =>
    void (event.type === 'ended' && ended.push(event.session.sessionId));
  const manager = managerOn({ store: new Failing(memory()), clock: nodes.clock, report });
  const { session } = await open(manager);
  await expect(manager.onCredentialChange(owner)).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(ended).toEqual([session.sessionId]);
});

describe('parallel sign-ins of one user', () => {
  const NODES = 24;

  // Delays each insert after the check of the other sessions, so that without the lock no sign-in would see another one.
  beforeAll(() =>
    nodes.database.knex.raw(`
      create function delay_insert() returns trigger language plpgsql as $$ begin perform pg_sleep(0.05); return new; end $$;
      create trigger delay_insert before insert on identity_sessions for each row execute function delay_insert()`),
  );
  afterAll(() => nodes.database.knex.raw('drop function delay_insert() cascade'));

  async function race(options: IdentitySessionOptions, signIn: (i: number) => Partial<SignIn> = () => ({})) {
    // One node per sign-in, because a node runs its own one after another. The default isolation level is the wrong one.
    const connection = `${nodes.database.url}?options=-c%20default_transaction_isolation%3Drepeatable%5C%20read`;
    const pools = Array.from({ length: NODES }, () => nodes.database.connect({ connection }));
    await Promise.all(pools.map((pool) => pool.raw('select 1')));
    return Promise.allSettled(pools.map((knex, i) => open(use({ ...options, knex }), signIn(i))));
  }

  it('all succeed and leave exactly one live session under LogoutFromAllDevices', async () => {
    const results = await race({ preventConcurrentLogin: 'LogoutFromAllDevices' });
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await liveCount()).toBe(1);
  });

  it('leave exactly one live session for each kind of device under LogoutFromSameTypeDevices', async () => {
    const devices = ['Web', 'Mobile', 'OAuth'];
    const rule = { preventConcurrentLogin: 'LogoutFromSameTypeDevices' } as const;
    await race(rule, (i) => ({ device: devices[i % 3] }));
    const rows = await nodes.database.knex('identity_sessions').whereNull('ended_at').select('device');
    expect(rows.map(({ device }) => device as string).sort()).toEqual([...devices].sort());
  });

  it('leave exactly as many live sessions as the limit if the oldest are ended', async () => {
    await race({ maxSessionsPerUser: 5 });
    expect(await liveCount()).toBe(5);
  });

  it('succeed exactly as often as the limit allows if further ones are refused', async () => {
    const results = await race({ maxSessionsPerUser: 5, onLimit: 'refuse' });
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toEqual(refusal('session-limit-reached'));
    }
    expect(await liveCount()).toBe(5);
  });

  it('use one connection at a time in each process', async () => {
    const small = nodes.database.connect({ pool: { min: 0, max: 2 } });
    const manager = use({ knex: small, preventConcurrentLogin: 'LogoutFromAllDevices' });
    const signIns = Promise.all(Array.from({ length: 30 }, () => open(manager)));
    await Promise.all([signIns, small.raw('select 1')]);
    expect(await liveCount()).toBe(1);
  });
});

describe('revoke', () => {
  it('returns the ids of the sessions that it ended, and an empty list when it is repeated', async () => {
    const manager = use();
    const [one, two] = [await open(manager), await open(manager)];
    expect(await manager.revoke(otherSessionsOf(owner, one.session.sessionId))).toEqual([
      two.session.sessionId,
    ]);
    expect(await manager.revoke(sessionsOf(owner, [two.session.sessionId]))).toEqual([]);
  });

  it('leaves no session in the cache that another node has ended a moment before', async () => {
    const [here, there] = [use(), use()];
    const { session, credentials } = await open(here);
    await there.verify(credentials);
    await until(() => there.health().changes?.trusted === true);
    await there.verify(credentials);
    await here.revoke(sessionsOf(owner, [session.sessionId]));
    expect(await there.verify(credentials)).toMatchObject({ userId: 'alice' });
    expect(await there.revoke(everySessionOf(owner))).toEqual([]);
    await expect((async () => there.verify(credentials))()).rejects.toEqual(refusal('session-ended'));
  });

  it('rejects with session-not-found for a session of another user', async () => {
    const manager = use();
    const { session } = await open(manager);
    const foreign = manager.revoke(sessionsOf({ tenantId: null, userId: 'bob' }, [session.sessionId]));
    await expect(foreign).rejects.toEqual(refusal('session-not-found'));
    expect(await liveCount()).toBe(1);
  });

  it('throws a TypeError and ends nothing for incomplete revocations, unknown options and unknown reasons', async () => {
    const manager = use();
    const { session } = await open(manager);
    const id = session.sessionId;
    const invalid: readonly (readonly [unknown, unknown?])[] = [
      [id],
      [sessionsOf(owner, undefined as never)],
      [otherSessionsOf(owner, undefined as never)],
      [{ owner, onyl: ['0'.repeat(32)] }],
      [{ owner }, { reason: 'banana' }],
      [{ owner }, { reason: null }],
      [{ owner }, { because: 'revoked' }],
      [{ owner }, 'administrator'],
    ];
    for (const [which, how] of invalid) {
      await expect(manager.revoke(which as never, how as never)).rejects.toThrow(TypeError);
    }
    expect(await liveCount()).toBe(1);
  });

  it('stores the time, the reason and the actor of the end', async () => {
    const manager = use();
    const { session } = await open(manager);
    const all = { owner };
    await manager.revoke(all, { reason: 'administrator', by: 'admin' });
    const row = await nodes.database
      .knex('identity_sessions')
      .where({ session_id: session.sessionId })
      .first();
    expect(row).toMatchObject({
      end_reason: 'administrator',
      ended_by: 'admin',
      ended_at: new Date(nodes.clock.now()),
    });
  });
});

describe('owners in calls', () => {
  it('may omit the tenant, and are refused with invalid-request if an id is not valid text', async () => {
    const manager = use();
    const { session } = await open(manager);
    expect((await manager.list({ userId: 'alice' })).sessions).toHaveLength(1);
    await expect(manager.list({ userId: 'a\0' })).rejects.toEqual(refusal('invalid-request'));
    await expect(manager.revoke({ owner: { userId: ['alice'] as never } })).rejects.toEqual(
      refusal('invalid-request'),
    );
    expect(await manager.revoke({ owner: { userId: 'alice' } })).toEqual([session.sessionId]);
  });
});

describe('update', () => {
  it('changes the properties of a session for all nodes', async () => {
    const [here, there] = [use(), use()];
    const { session, credentials } = await open(here);
    await there.verify(credentials);
    expect(await here.update(session.sessionId, { extraProperties: { theme: 'dark' } })).toBe(true);
    nodes.clock.advance(2000);
    expect((await there.verify(credentials)).extraProperties).toEqual({ theme: 'dark' });
  });

  it.each([
    { extraProperties: null },
    { extraProperties: ['a'] },
    { extraProperties: 'a' },
    { data: 5 },
    { data: null },
  ])('rejects the patch %j and changes nothing', async (patch) => {
    const manager = use();
    const { session, credentials } = await open(manager, { extraProperties: { theme: 'dark' } });
    await expect(manager.update(session.sessionId, patch as never)).rejects.toThrow(
      /`(extraProperties|data)` must be a JSON object/,
    );
    expect((await manager.verify(credentials)).extraProperties).toEqual({ theme: 'dark' });
  });

  it('with a function loses no change of parallel calls on two nodes', async () => {
    const nodesOf = [use(), use()];
    const { session, credentials } = await open(nodesOf[0]!);
    const increments = Array.from({ length: 10 }, (_, i) =>
      nodesOf[i % 2]!.update(session.sessionId, (data) => ({ visits: Number(data['visits'] ?? 0) + 1 })),
    );
    expect(await Promise.all(increments)).toEqual(Array(10).fill(true));
    expect((await nodesOf[0]!.verify(credentials)).data).toEqual({ visits: 10 });
  });

  it.each([
    ['returns no object', () => 5, '`data` must be a JSON object'],
    ['is async', async () => ({}), 'must not be async'],
    ['throws', () => JSON.parse('{'), SyntaxError],
  ])('rejects a function that %s, and changes nothing', async (_, change, problem) => {
    const manager = use();
    const { session, credentials } = await open(manager, { data: { visits: 3 } });
    await expect(manager.update(session.sessionId, change as never)).rejects.toThrow(problem);
    expect((await manager.verify(credentials)).data).toEqual({ visits: 3 });
  });

  it('replaces each given object completely and keeps the other one', async () => {
    const manager = use();
    const fields = { extraProperties: { theme: 'dark', size: 1 }, data: { draft: 'a' } };
    const { session, credentials } = await open(manager, fields);
    expect(await manager.update(session.sessionId, { extraProperties: { size: 2 } })).toBe(true);
    expect(await manager.verify(credentials)).toMatchObject({ data: { draft: 'a' } });
    expect((await manager.verify(credentials)).extraProperties).toEqual({ size: 2 });
  });

  it.each([[{ theme: 'dark' }], [{ extraproperties: {} }], [undefined], ['dark'], [[]]])(
    'rejects the patch %j, because it names no field to change',
    async (patch) => {
      const manager = use();
      const { session } = await open(manager);
      const updating = manager.update(session.sessionId, patch as never);
      await expect(updating).rejects.toThrow(
        /^`update` .* `extraProperties`, `data`, `protocolData`, `name`$/,
      );
    },
  );
});

describe.each([
  ['Postgres', () => use()],
  ['memory', () => managerOn({ store: memory(), clock: nodes.clock })],
])('the name of a session on %s', (_, make) => {
  let manager: IdentitySessionManager;
  let id: string;
  const nameNow = async () => (await manager.get(owner, id)).name;

  beforeEach(async () => {
    manager = make();
    id = (await manager.create(owner)).sessionId;
  });
  afterEach(() => manager.close());

  it('is set and removed by update, which keeps it if the patch does not name it', async () => {
    expect(await nameNow()).toBeNull();
    await manager.update(id, { name: 'Küche 🍳' });
    await manager.update(id, { data: { seen: true } });
    await manager.update(id, (data) => data);
    expect(await nameNow()).toBe('Küche 🍳');
    await manager.update(id, { name: null });
    expect(await nameNow()).toBeNull();
  });

  it.each(['', 'x'.repeat(65), 7])('is refused with invalid-request if it is %j', async (name) => {
    const naming = manager.update(id, { name: name as string });
    await expect(naming).rejects.toMatchObject({ code: 'invalid-request', field: 'name' });
    expect(await nameNow()).toBeNull();
  });
});

describe.each([
  ['Postgres', () => use()],
  ['memory', () => managerOn({ store: memory(), clock: nodes.clock })],
])('session ids on %s', (_, make) => {
  const dashed = 'b3b5f5e0-7c36-4f0a-8d2e-0123456789AB';
  const plain = 'b3b5f5e07c364f0a8d2e0123456789ab';
  let manager: IdentitySessionManager;

  beforeEach(async () => {
    manager = make();
    await manager.create({ userId: 'alice', sessionId: dashed });
  });
  afterEach(() => manager.close());

  const isLive = async () => (await manager.administration.get(plain)).endedAt === null;

  it('find and change the same session with and without dashes', async () => {
    const { administration } = manager;
    expect(await administration.find(dashed)).toMatchObject({ sessionId: plain });
    expect(await administration.get(dashed)).toMatchObject({ sessionId: plain });
    expect(await manager.verifyClaimed(dashed)).toMatchObject({ sessionId: plain });
    expect(await manager.update(dashed, { data: { seen: true } })).toBe(true);
    expect(await administration.get(plain)).toMatchObject({ data: { seen: true } });
  });

  it('can have dashes in revoke, which returns ids without dashes', async () => {
    expect(await manager.revoke(sessionsOf(owner, [dashed]))).toEqual([plain]);
    expect(await manager.revoke(sessionsOf(owner, [dashed]))).toEqual([]);
    expect(await isLive()).toBe(false);
  });

  it('can have dashes in administration.revoke', async () => {
    await manager.administration.revoke(dashed);
    expect(await isLive()).toBe(false);
  });

  it('can have dashes where they name the session to keep', async () => {
    const { session: other } = await open(manager);
    expect(await manager.onCredentialChange('alice', { keep: dashed })).toEqual([other.sessionId]);
    expect(await manager.revoke(otherSessionsOf(owner, dashed))).toEqual([]);
    expect(await isLive()).toBe(true);
  });

  it('without a tenant reject a credential change that would miss sessions of tenants', async () => {
    await manager.open({ userId: 'tina', tenantId: 'acme' });
    const [mistaken, explicit] = [{ userId: 'tina' }, { userId: 'tina', tenantId: null }];
    for (const owner of ['tina', mistaken]) {
      await expect(manager.onCredentialChange(owner)).rejects.toThrow(
        new TypeError(
          '`onCredentialChange` was called with a user id without a tenant, but sessions of this id have a tenant and would not end: write `{ userId, tenantId }`, with `tenantId: null` for the user without a tenant',
        ),
      );
    }
    const { session } = await manager.open({ userId: 'tina' });
    await expect(manager.onCredentialChange('tina')).rejects.toThrow(TypeError);
    expect(await manager.onCredentialChange(explicit)).toEqual([session.sessionId]);
    expect(await manager.onCredentialChange({ userId: 'tina', tenantId: 'acme' })).toHaveLength(1);
    expect(await manager.onCredentialChange('tina')).toEqual([]);
  });

  it('can have dashes in onEnded, which calls its listener only after the end', async () => {
    const codes: string[] = [];
    manager.onEnded(dashed, ({ code }) => codes.push(code));
    await manager.administration.get(dashed);
    expect(codes).toEqual([]);
    await manager.administration.revoke(dashed);
    await manager.administration.get(dashed);
    expect(codes).toEqual(['session-ended']);
  });

  describe('that are invalid', () => {
    it.each(['junk', '', undefined, 42])('find no session: %j', async (given) => {
      const invalid = given as string;
      const { administration } = manager;
      expect(await administration.find(invalid)).toBeUndefined();
      await expect(administration.get(invalid)).rejects.toEqual(refusal('session-not-found'));
      await expect(administration.revoke(invalid)).rejects.toEqual(refusal('session-not-found'));
      await expect(manager.revoke(sessionsOf(owner, [invalid]))).rejects.toEqual(
        refusal('session-not-found'),
      );
      await expect((async () => manager.verifyClaimed(invalid))()).rejects.toEqual(
        refusal('credentials-invalid'),
      );
      expect(await manager.update(invalid, { data: {} })).toBe(false);
    });

    it.each(['abc', '', null])('are refused as the session to keep, and nothing ends: %j', async (given) => {
      const invalid = given as string;
      const changed = manager.onCredentialChange('alice', { keep: invalid });
      await expect(changed).rejects.toMatchObject({ code: 'invalid-request', field: 'keep' });
      const others = manager.revoke(otherSessionsOf(owner, invalid));
      await expect(others).rejects.toMatchObject({ code: 'invalid-request', field: 'except' });
      expect(await isLive()).toBe(true);
    });
  });
});

describe('list', () => {
  it('omits sessions of blacklisted clients, which can still be revoked by id', async () => {
    const manager = use({ clientBlacklist: ['maintenance'] });
    const { session } = await open(manager, { clientId: 'maintenance' });
    expect((await manager.list(owner)).sessions).toEqual([]);
    expect(await manager.revoke(sessionsOf(owner, [session.sessionId]))).toEqual([session.sessionId]);
  });

  it('returns only the sessions of this node if globalLookup is false', async () => {
    const [one, two] = ['one', 'two'].map((nodeId) => use({ nodeId, globalLookup: false }));
    const { session, credentials } = await open(one!);
    expect((await two!.list(owner)).sessions).toEqual([]);
    expect((await one!.list(owner)).sessions).toMatchObject([{ sessionId: session.sessionId, node: 'one' }]);
    nodes.clock.advance(1000);
    await two!.verify(credentials);
    await two!.close();
    const { sessions } = await use({ nodeId: 'two', globalLookup: false }).list(owner);
    expect(sessions).toHaveLength(1);
    expect((await one!.list(owner)).sessions).toEqual([]);
  });
});

describe('processes that are killed after each response', () => {
  /** Verifies one session once every 20 minutes, each time on a new node that is never closed. */
  async function visits(options: IdentitySessionOptions): Promise<string[]> {
    const start = nodes.clock.now();
    const { credentials } = await open(nodes.use(), { staySignedIn: false });
    const results: string[] = [];
    for (let visit = 1; visit <= 6; visit++) {
      const clock = new FakeClock(start + visit * 20 * 60_000);
      const verified = Promise.resolve(nodes.use({ clock, ...options }).verify(credentials));
      results.push(
        await verified.then(
          () => 'live',
          (error: SessionError) => error.code,
        ),
      );
    }
    return results;
  }

  it('keep a session in use alive with touchBeforeResponse', async () => {
    expect(await visits({ touchBeforeResponse: true })).toEqual(Array(6).fill('live'));
  });

  it('let a session in use expire without it', async () => {
    expect(await visits({})).toContain('session-expired');
  });
});

describe('flush', () => {
  it('writes the use of a session at once', async () => {
    const manager = nodes.use();
    const { session, credentials } = await open(manager);
    await manager.verify(credentials);
    await manager.flush();
    const [row] = await nodes.database.knex('identity_sessions').where({ session_id: session.sessionId });
    expect(row).toMatchObject({ last_accessed: expect.anything() });
    expect(manager.health().touches).toEqual({ pending: 0, oldest: 0 });
  });
});

describe('close', () => {
  it("writes pending touches, leaves the app's Knex open, and can be called twice", async () => {
    const manager = use();
    const { credentials } = await open(manager);
    nodes.clock.advance(5000);
    await manager.verify(credentials);
    await Promise.all([manager.close(), manager.close()]);
    const row = await nodes.database.knex('identity_sessions').first<{ last_accessed: Date }>();
    expect(row.last_accessed).toEqual(new Date(nodes.clock.now()));
  });
});

describe('a manager with the memory store', () => {
  it('verifies, wakes and revokes sessions like one with Postgres', async () => {
    const manager = createIdentitySessionManager({ store: memory(), clock: nodes.clock, location: false });
    const { session, credentials } = await open(manager, { staySignedIn: true });
    nodes.clock.advance(3 * DAY);
    expect(await manager.verify(credentials)).toMatchObject({ lastAccessed: nodes.clock.now() });
    await manager.revoke(sessionsOf(owner, [session.sessionId]));
    await expect(async () => manager.verify(credentials)).rejects.toEqual(refusal('session-ended'));
  });
});

describe('create', () => {
  const signIn = { userId: 'alice', sessionId: '018f0d2c-7f5a-4e3b-9c1d-0123456789ab' };
  const plain = signIn.sessionId.replaceAll('-', '');

  it('opens a session under the given id, which a token of the app can name', async () => {
    const manager = use();
    expect(await manager.create(signIn)).toMatchObject({ sessionId: plain, userId: 'alice' });
    expect(await manager.verifyClaimed(plain)).toMatchObject({ sessionId: plain });
  });

  it('returns the same session for repeated calls, even for parallel calls on two nodes', async () => {
    const [one, other] = [use(), use()];
    const created = await Promise.all([one, other, one, other].map((manager) => manager.create(signIn)));
    expect(new Set(created.map(({ sessionId }) => sessionId))).toEqual(new Set([plain]));
    expect(await liveCount()).toBe(1);
  });

  it('rejects with session-id-taken if the id belongs to another user or to an ended session', async () => {
    const manager = use();
    await manager.create(signIn);
    await expect(manager.create({ ...signIn, userId: 'bob' })).rejects.toEqual(refusal('session-id-taken'));
    await expect(manager.create({ ...signIn, tenantId: 'acme' })).rejects.toEqual(
      refusal('session-id-taken'),
    );
    await manager.revoke(sessionsOf(owner, [plain]));
    await expect(manager.create(signIn)).rejects.toEqual(refusal('session-id-taken'));
  });

  it('opens a session that no secret can verify', async () => {
    const manager = use();
    await manager.create(signIn);
    for (const secret of ['', 'A'.repeat(43), undefined as never]) {
      const verifying = (async () => manager.verify({ sessionId: plain, secret }))();
      await expect(verifying).rejects.toThrow();
    }
  });

  it.each(['junk', 42, null])('rejects the session id %j', async (sessionId) => {
    await expect(use().create({ ...signIn, sessionId: sessionId as never })).rejects.toThrow(
      /must be a UUID/,
    );
  });

  it('applies the rules about concurrent sign-ins', async () => {
    const manager = use({ preventConcurrentLogin: 'LogoutFromAllDevices' });
    await manager.create({ userId: 'alice' });
    await manager.create({ userId: 'alice' });
    expect(await liveCount()).toBe(1);
  });
});

describe('onCredentialChange', () => {
  it(
    satisfies('ends all sessions of the user, or all except the one to keep', 'ASVS 7.4.2', 'ASVS 7.4.3'),
    async () => {
      const manager = use();
      const { session: kept } = await open(manager);
      const { session: other, credentials } = await open(manager);
      expect(await manager.onCredentialChange('alice', { keep: kept.sessionId })).toEqual([other.sessionId]);
      await expect((async () => manager.verify(credentials))()).rejects.toMatchObject({
        code: 'session-ended',
        endReason: 'credential-changed',
      });
      expect(await manager.onCredentialChange(owner)).toEqual([kept.sessionId]);
    },
  );

  it('accepts a user id without a tenant, a session or an owner', async () => {
    const manager = use();
    const { session } = await open(manager, { tenantId: 'acme' });
    const { session: other } = await open(manager, { tenantId: 'acme' });
    const untenanted = { userId: 'alice', tenantId: null };
    expect(await manager.onCredentialChange(untenanted)).toEqual([]);
    expect(await manager.onCredentialChange(session, { keep: session.sessionId })).toEqual([other.sessionId]);
    expect(await manager.onCredentialChange({ userId: 'alice', tenantId: 'acme' })).toEqual([
      session.sessionId,
    ]);
  });

  it('rejects an invalid owner or invalid options, and ends nothing', async () => {
    const manager = use();
    const { session } = await open(manager);
    for (const invalid of [undefined, null, 42]) {
      await expect(manager.onCredentialChange(invalid as never)).rejects.toThrow(
        /the owner must be an object/,
      );
    }
    for (const options of [{ kept: session.sessionId }, session.sessionId, null]) {
      await expect(manager.onCredentialChange('alice', options as never)).rejects.toThrow(/`keep`, `by`/);
    }
    expect(await liveCount()).toBe(1);
  });
});

describe('the device of a new session', () => {
  it('is the result of deviceOf, unless the sign-in names the device', async () => {
    const manager = use({ deviceOf: (clientId, { type }) => (clientId === 'app' ? 'Mobile' : type) });
    expect((await open(manager, { clientId: 'app' })).session.device).toBe('Mobile');
    expect((await open(manager)).session.device).toBe('other');
    expect((await open(manager, { clientId: 'app', device: 'OAuth' })).session.device).toBe('OAuth');
  });
});
