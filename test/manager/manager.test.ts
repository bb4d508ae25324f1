import {
  createIdentitySessionManager,
  memory,
  otherSessionsOf,
  sessionsOf,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type SignIn,
} from '../../lib';
import { managerOn } from '../support/manager';
import { nodesOnADatabase, open, refusal } from '../support/nodes';
import { DAY } from '../support/sessions';

const nodes = nodesOnADatabase();
const use = (options?: IdentitySessionOptions) => nodes.use(options);

const owner = { tenantId: null, userId: 'alice' };

const live = async () => (await nodes.database.knex('identity_sessions').whereNull('ended_at')).length;

describe('open', () => {
  it('keeps who signed in, with what, and from where, in its own form', async () => {
    const { session } = await open(use());
    expect(session).toMatchObject({
      userId: 'alice',
      ipAddresses: ['192.0.2.1'],
      userAgent: 'curl/8',
      device: 'Web',
    });
    expect(session).not.toHaveProperty('secretHash');
  });

  it.each([undefined, null, 42, {}])('takes no %j for a user id, and says what to write', async (userId) => {
    await expect(use().open({ userId: userId as never })).rejects.toThrow(/write `String\(user\.id\)`/);
    expect(await live()).toBe(0);
  });

  it('ends nothing for credentials that came in and are not a pair', async () => {
    const manager = use();
    const { session, credentials } = await open(manager);
    await open(manager, { replaces: { sessionId: session.sessionId, secret: 'A'.repeat(43) } });
    expect(await live()).toBe(2);
    await open(manager, { replaces: credentials });
    expect(await live()).toBe(2);
  });
});

describe('concurrent sign-ins of one user', () => {
  const NODES = 24;

  // Each takes its time between looking at the others and being there, so that without the lock all would overlook all.
  beforeAll(() =>
    nodes.database.knex.raw(`
      create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(0.05); return new; end $$;
      create trigger dawdle before insert on identity_sessions for each row execute function dawdle()`),
  );
  afterAll(() => nodes.database.knex.raw('drop function dawdle() cascade'));

  async function race(options: IdentitySessionOptions, said: (i: number) => Partial<SignIn> = () => ({})) {
    // A node a sign-in, because each node takes its own in turn; on a database whose default breaks the rules.
    const connection = `${nodes.database.url}?options=-c%20default_transaction_isolation%3Drepeatable%5C%20read`;
    const pools = Array.from({ length: NODES }, () => nodes.database.connect({ connection }));
    await Promise.all(pools.map((pool) => pool.raw('select 1')));
    return Promise.allSettled(pools.map((knex, i) => open(use({ ...options, knex }), said(i))));
  }

  it('leave one session under LogoutFromAllDevices, and it is one that was acknowledged', async () => {
    const results = await race({ preventConcurrentLogin: 'LogoutFromAllDevices' });
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await live()).toBe(1);
  });

  it('leave one session for each kind of device under LogoutFromSameTypeDevices', async () => {
    const devices = ['Web', 'Mobile', 'OAuth'];
    const rule = { preventConcurrentLogin: 'LogoutFromSameTypeDevices' } as const;
    await race(rule, (i) => ({ device: devices[i % 3] }));
    const rows = await nodes.database.knex('identity_sessions').whereNull('ended_at').select('device');
    expect(rows.map(({ device }) => device as string).sort()).toEqual([...devices].sort());
  });

  it('leave no more than the limit when the oldest make room', async () => {
    await race({ maxSessionsPerUser: 5 });
    expect(await live()).toBe(5);
  });

  it('let in as many as the limit when further ones are refused', async () => {
    const results = await race({ maxSessionsPerUser: 5, onLimit: 'refuse' });
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toEqual(refusal('session-limit-reached'));
    }
    expect(await live()).toBe(5);
  });

  it('hold one connection at a time in each process', async () => {
    const small = nodes.database.connect({ pool: { min: 0, max: 2 } });
    const manager = use({ knex: small, preventConcurrentLogin: 'LogoutFromAllDevices' });
    const signIns = Promise.all(Array.from({ length: 30 }, () => open(manager)));
    await Promise.all([signIns, small.raw('select 1')]);
    expect(await live()).toBe(1);
  });
});

describe('revoke', () => {
  it('tells what it ended, and is no mistake the second time', async () => {
    const manager = use();
    const [one, two] = [await open(manager), await open(manager)];
    expect(await manager.revoke(otherSessionsOf(owner, one.session.sessionId))).toEqual([
      two.session.sessionId,
    ]);
    expect(await manager.revoke(sessionsOf(owner, [two.session.sessionId]))).toEqual([]);
  });

  it('finds no session of somebody else', async () => {
    const manager = use();
    const { session } = await open(manager);
    const foreign = manager.revoke(sessionsOf({ tenantId: null, userId: 'bob' }, [session.sessionId]));
    await expect(foreign).rejects.toEqual(refusal('session-not-found'));
    expect(await live()).toBe(1);
  });

  it('refuses what would end more than is meant, or for no known reason, and ends nothing', async () => {
    const manager = use();
    const { session } = await open(manager);
    const id = session.sessionId;
    const misused: readonly (readonly [unknown, unknown?])[] = [
      [id],
      [sessionsOf(owner, undefined as never)],
      [otherSessionsOf(owner, undefined as never)],
      [{ owner, onyl: ['0'.repeat(32)] }],
      [{ owner }, { reason: 'banana' }],
      [{ owner }, { reason: null }],
      [{ owner }, { because: 'revoked' }],
      [{ owner }, 'administrator'],
    ];
    for (const [which, how] of misused) {
      await expect(manager.revoke(which as never, how as never)).rejects.toThrow(TypeError);
    }
    expect(await live()).toBe(1);
  });

  it('notes when, why and by whom', async () => {
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

describe('an owner', () => {
  it('needs no tenant where there are none, and has to be text that can be kept', async () => {
    const manager = use();
    const { session } = await open(manager);
    expect(await manager.list({ userId: 'alice' })).toHaveLength(1);
    await expect(manager.list({ userId: 'a\0' })).rejects.toEqual(refusal('invalid-request'));
    await expect(manager.revoke({ owner: { userId: ['alice'] as never } })).rejects.toEqual(
      refusal('invalid-request'),
    );
    expect(await manager.revoke({ owner: { userId: 'alice' } })).toEqual([session.sessionId]);
  });
});

describe('update', () => {
  it('changes what the app keeps with a session, for all nodes', async () => {
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
  ])('takes no %j', async (patch) => {
    const manager = use();
    const { session, credentials } = await open(manager, { extraProperties: { theme: 'dark' } });
    await expect(manager.update(session.sessionId, patch as never)).rejects.toThrow(
      /`(extraProperties|data)` must be a JSON object/,
    );
    expect((await manager.verify(credentials)).extraProperties).toEqual({ theme: 'dark' });
  });

  it('replaces each object that is given, whole, and leaves the other', async () => {
    const manager = use();
    const said = { extraProperties: { theme: 'dark', size: 1 }, data: { draft: 'a' } };
    const { session, credentials } = await open(manager, said);
    expect(await manager.update(session.sessionId, { extraProperties: { size: 2 } })).toBe(true);
    expect(await manager.verify(credentials)).toMatchObject({ data: { draft: 'a' } });
    expect((await manager.verify(credentials)).extraProperties).toEqual({ size: 2 });
  });

  it.each([[{ theme: 'dark' }], [{ extraproperties: {} }], [undefined], ['dark'], [[]]])(
    'refuses %j, rather than change nothing',
    async (patch) => {
      const manager = use();
      const { session } = await open(manager);
      const updating = manager.update(session.sessionId, patch as never);
      await expect(updating).rejects.toThrow(/^`update` .* `extraProperties`, `data`, `protocolData`$/);
    },
  );
});

describe.each([
  ['Postgres', () => use()],
  ['memory', () => managerOn({ store: memory(), clock: nodes.clock })],
])('an id with dashes, on %s,', (_, make) => {
  const id = 'b3b5f5e0-7c36-4f0a-8d2e-0123456789AB';
  const plain = 'b3b5f5e07c364f0a8d2e0123456789ab';
  let manager: IdentitySessionManager;

  beforeEach(async () => {
    manager = make();
    await manager.create({ userId: 'alice', sessionId: id });
  });
  afterEach(() => manager.close());

  const isLive = async () => (await manager.administration.get(plain)).endedAt === null;

  it('finds and changes the session that it finds without', async () => {
    const { administration } = manager;
    expect(await administration.find(id)).toMatchObject({ sessionId: plain });
    expect(await administration.get(id)).toMatchObject({ sessionId: plain });
    expect(await manager.verifyClaimed(id)).toMatchObject({ sessionId: plain });
    expect(await manager.update(id, { data: { seen: true } })).toBe(true);
    expect(await administration.get(plain)).toMatchObject({ data: { seen: true } });
  });

  it('ends it, and tells of it in the one writing', async () => {
    expect(await manager.revoke(sessionsOf(owner, [id]))).toEqual([plain]);
    expect(await manager.revoke(sessionsOf(owner, [id]))).toEqual([]);
    expect(await isLive()).toBe(false);
  });

  it('ends it by the door of administrators', async () => {
    await manager.administration.revoke(id);
    expect(await isLive()).toBe(false);
  });

  it('keeps it when the others end', async () => {
    const { session: other } = await open(manager);
    expect(await manager.onCredentialChange('alice', { keep: id })).toEqual([other.sessionId]);
    expect(await manager.revoke(otherSessionsOf(owner, id))).toEqual([]);
    expect(await isLive()).toBe(true);
  });

  it('is watched until it ends, and not told of before', async () => {
    const told: string[] = [];
    manager.onEnded(id, ({ code }) => told.push(code));
    await manager.administration.get(id);
    expect(told).toEqual([]);
    await manager.administration.revoke(id);
    await manager.administration.get(id);
    expect(told).toEqual(['session-ended']);
  });

  describe('that is none', () => {
    it.each(['junk', '', undefined, 42])('finds no session: %j', async (given) => {
      const none = given as string;
      const { administration } = manager;
      expect(await administration.find(none)).toBeUndefined();
      await expect(administration.get(none)).rejects.toEqual(refusal('session-not-found'));
      await expect(administration.revoke(none)).rejects.toEqual(refusal('session-not-found'));
      await expect(manager.revoke(sessionsOf(owner, [none]))).rejects.toEqual(refusal('session-not-found'));
      await expect((async () => manager.verifyClaimed(none))()).rejects.toEqual(
        refusal('credentials-invalid'),
      );
      expect(await manager.update(none, { data: {} })).toBe(false);
    });

    it.each(['abc', '', null])('is refused where it would be kept, and ends nothing: %j', async (given) => {
      const none = given as string;
      const changed = manager.onCredentialChange('alice', { keep: none });
      await expect(changed).rejects.toMatchObject({ code: 'invalid-request', field: 'keep' });
      const others = manager.revoke(otherSessionsOf(owner, none));
      await expect(others).rejects.toMatchObject({ code: 'invalid-request', field: 'except' });
      expect(await isLive()).toBe(true);
    });
  });
});

describe('what people are shown', () => {
  it('leaves out the clients of the blacklist, which can be ended by their id all the same', async () => {
    const manager = use({ clientBlacklist: ['maintenance'] });
    const { session } = await open(manager, { clientId: 'maintenance' });
    expect(await manager.list(owner)).toEqual([]);
    expect(await manager.revoke(sessionsOf(owner, [session.sessionId]))).toEqual([session.sessionId]);
  });

  it('is limited to the sessions of this node without global lookup', async () => {
    const [one, two] = ['one', 'two'].map((nodeId) => use({ nodeId, globalLookup: false }));
    const { session, credentials } = await open(one!);
    expect(await two!.list(owner)).toEqual([]);
    expect(await one!.list(owner)).toMatchObject([{ sessionId: session.sessionId, node: 'one' }]);
    nodes.clock.advance(1000);
    await two!.verify(credentials);
    await two!.close();
    expect(await use({ nodeId: 'two', globalLookup: false }).list(owner)).toHaveLength(1);
    expect(await one!.list(owner)).toEqual([]);
  });
});

describe('close', () => {
  it("writes what is noted, leaves the app's Knex open, and may be said twice", async () => {
    const manager = use();
    const { credentials } = await open(manager);
    nodes.clock.advance(5000);
    await manager.verify(credentials);
    await Promise.all([manager.close(), manager.close()]);
    const row = await nodes.database.knex('identity_sessions').first<{ last_accessed: Date }>();
    expect(row.last_accessed).toEqual(new Date(nodes.clock.now()));
  });
});

describe('a manager on the memory store', () => {
  it('does the same, until the process ends', async () => {
    const manager = createIdentitySessionManager({ store: memory(), clock: nodes.clock, location: false });
    const { session, credentials } = await open(manager, { staySignedIn: true });
    nodes.clock.advance(3 * DAY);
    expect(await manager.verify(credentials)).toMatchObject({ lastAccessed: nodes.clock.now() });
    await manager.revoke(sessionsOf(owner, [session.sessionId]));
    await expect(async () => manager.verify(credentials)).rejects.toEqual(refusal('session-ended'));
  });
});

describe('create', () => {
  const facts = { userId: 'alice', sessionId: '018f0d2c-7f5a-4e3b-9c1d-0123456789ab' };
  const plain = facts.sessionId.replaceAll('-', '');

  it('opens a session under the id that the app gives, for a token that the app signs', async () => {
    const manager = use();
    expect(await manager.create(facts)).toMatchObject({ sessionId: plain, userId: 'alice' });
    expect(await manager.verifyClaimed(plain)).toMatchObject({ sessionId: plain });
  });

  it('is no mistake the second time, also when both come at once from two nodes', async () => {
    const [one, other] = [use(), use()];
    const created = await Promise.all([one, other, one, other].map((manager) => manager.create(facts)));
    expect(new Set(created.map(({ sessionId }) => sessionId))).toEqual(new Set([plain]));
    expect(await live()).toBe(1);
  });

  it("takes neither another user's id nor one that has ended", async () => {
    const manager = use();
    await manager.create(facts);
    await expect(manager.create({ ...facts, userId: 'bob' })).rejects.toEqual(refusal('session-id-taken'));
    await expect(manager.create({ ...facts, tenantId: 'acme' })).rejects.toEqual(refusal('session-id-taken'));
    await manager.revoke(sessionsOf(owner, [plain]));
    await expect(manager.create(facts)).rejects.toEqual(refusal('session-id-taken'));
  });

  it('opens a session that no secret fits, whatever is tried', async () => {
    const manager = use();
    await manager.create(facts);
    for (const secret of ['', 'A'.repeat(43), undefined as never]) {
      const trying = (async () => manager.verify({ sessionId: plain, secret }))();
      await expect(trying).rejects.toThrow();
    }
  });

  it.each(['junk', 42, null])('takes no %j for an id', async (sessionId) => {
    await expect(use().create({ ...facts, sessionId: sessionId as never })).rejects.toThrow(/must be a UUID/);
  });

  it('obeys the rules of sign-ins', async () => {
    const manager = use({ preventConcurrentLogin: 'LogoutFromAllDevices' });
    await manager.create({ userId: 'alice' });
    await manager.create({ userId: 'alice' });
    expect(await live()).toBe(1);
  });
});

describe('a change of credentials', () => {
  it("ends the user's other sessions, or all of them", async () => {
    const manager = use();
    const { session: kept } = await open(manager);
    const { session: other, credentials } = await open(manager);
    expect(await manager.onCredentialChange('alice', { keep: kept.sessionId })).toEqual([other.sessionId]);
    await expect((async () => manager.verify(credentials))()).rejects.toMatchObject({
      code: 'session-ended',
      endReason: 'credential-changed',
    });
    expect(await manager.onCredentialChange(owner)).toEqual([kept.sessionId]);
  });

  it('is of the user without a tenant under a bare id, and of any by a session or an owner', async () => {
    const manager = use();
    const { session } = await open(manager, { tenantId: 'acme' });
    const { session: other } = await open(manager, { tenantId: 'acme' });
    expect(await manager.onCredentialChange('alice')).toEqual([]);
    expect(await manager.onCredentialChange(session, { keep: session.sessionId })).toEqual([other.sessionId]);
    expect(await manager.onCredentialChange({ userId: 'alice', tenantId: 'acme' })).toEqual([
      session.sessionId,
    ]);
  });

  it('is of somebody, and keeps what it says, or else ends nothing', async () => {
    const manager = use();
    const { session } = await open(manager);
    for (const nobody of [undefined, null, 42]) {
      await expect(manager.onCredentialChange(nobody as never)).rejects.toThrow(
        /the owner must be an object/,
      );
    }
    for (const options of [{ kept: session.sessionId }, session.sessionId, null]) {
      await expect(manager.onCredentialChange('alice', options as never)).rejects.toThrow(/`keep`, `by`/);
    }
    expect(await live()).toBe(1);
  });
});

describe('the kind of device', () => {
  it('is what the app makes of client and device, unless the sign-in says it', async () => {
    const manager = use({ deviceOf: (clientId, { type }) => (clientId === 'app' ? 'Mobile' : type) });
    expect((await open(manager, { clientId: 'app' })).session.device).toBe('Mobile');
    expect((await open(manager)).session.device).toBe('other');
    expect((await open(manager, { clientId: 'app', device: 'OAuth' })).session.device).toBe('OAuth');
  });
});
