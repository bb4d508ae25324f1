import { type IdentitySessionOptions, type SessionEvent } from '../../lib';
import { satisfies } from '../support/compliance';
import { turns } from '../support/gate';
import { nodesOnADatabase, open, refusal } from '../support/nodes';
import { watched } from '../support/watched';

const nodes = nodesOnADatabase();
const use = (options?: IdentitySessionOptions) => nodes.use(options);

const UNKNOWN_ID = '0'.repeat(32);

describe('find, get and revoke', () => {
  it('return any session by id, with unwritten touches and the reason of its end', async () => {
    const manager = use();
    const { administration } = manager;
    const {
      session: { sessionId },
      credentials,
    } = await open(manager);
    nodes.clock.advance(1000);
    await manager.verify(credentials, { ipAddress: '198.51.100.7' });
    expect(await administration.get(sessionId)).toMatchObject({
      lastAccessed: nodes.clock.now(),
      ipAddresses: ['192.0.2.1', '198.51.100.7'],
    });
    await administration.revoke(sessionId, { by: 'root' });
    expect(await administration.find(sessionId)).toMatchObject({
      endReason: 'administrator',
      endedBy: 'root',
    });
    expect(await administration.find(UNKNOWN_ID)).toBeUndefined();
    await expect(administration.get(UNKNOWN_ID)).rejects.toEqual(refusal('session-not-found'));
  });

  it('never return the hash of the secret', async () => {
    const manager = use();
    const {
      session: { sessionId },
    } = await open(manager);
    expect(await manager.administration.get(sessionId)).not.toHaveProperty('secretHash');
    const { sessions } = await manager.administration.search();
    expect(sessions[0]).not.toHaveProperty('secretHash');
  });

  it(
    satisfies('end a session of any owner, whose next request is then refused on every node', 'ASVS 7.4.5'),
    async () => {
      const [here, there] = [use(), use()];
      const {
        session: { sessionId },
        credentials,
      } = await open(here, { userId: 'bob', tenantId: 'acme' });
      await there.verify(credentials);
      await here.administration.revoke(sessionId);
      await expect((async () => here.verify(credentials))()).rejects.toEqual(refusal('session-ended'));
      nodes.clock.advance(2000);
      await expect((async () => there.verify(credentials))()).rejects.toEqual(refusal('session-ended'));
      await expect(here.administration.revoke(sessionId)).resolves.toBeUndefined();
      await expect(here.administration.revoke(UNKNOWN_ID)).rejects.toEqual(refusal('session-not-found'));
    },
  );
});

describe('search', () => {
  it('returns each session once over all pages of a cursor while others sign in', async () => {
    const manager = use();
    const opened: string[] = [];
    for (let i = 0; i < 7; i++) {
      opened.unshift((await open(manager, { userId: `user ${i}`, tenantId: 'acme' })).session.sessionId);
      if (i % 2 === 0) nodes.clock.advance(1000);
    }
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await manager.administration.search({
        tenantId: 'acme',
        take: 3,
        ...(after && { after }),
      });
      found.push(...page.sessions.map(({ sessionId }) => sessionId));
      after = page.next;
      await open(manager, { userId: 'another', tenantId: 'acme' });
    } while (after !== undefined);
    expect(found.sort()).toEqual(opened.sort());
  });

  it('returns no cursor on the last page, or for a sort order without cursors', async () => {
    const manager = use();
    await open(manager);
    await open(manager);
    expect(await manager.administration.search({ take: 2 })).not.toHaveProperty('next');
    expect(await manager.administration.search({ take: 1 })).toHaveProperty('next');
    expect(await manager.administration.search({ take: 1, order: [{ by: 'device' }] })).not.toHaveProperty(
      'next',
    );
  });

  it.each([
    [{ order: 'signedIn' }, '"order"'],
    [{ order: [{ by: 'authId' }] }, '"order"'],
    [{ order: [{ by: 'signedIn; drop table identity_sessions' }] }, '"order"'],
    [{ order: [{ by: 'signedIn', descending: 'yes' }] }, '"order"'],
    [{ order: [null] }, '"order"'],
    [{ take: 0 }, '"take"'],
    [{ take: 1001 }, '"take"'],
    [{ take: '10' }, '"take"'],
    [{ skip: -1 }, '"skip"'],
    [{ skip: 100_001 }, '"skip"'],
    [{ after: 'junk' }, '"after"'],
    [{ after: `1.${UNKNOWN_ID}`, order: [{ by: 'device' }] }, '"after"'],
    [{ after: `1.${UNKNOWN_ID}`, order: [{ by: 'signedIn' }, { by: 'device' }] }, '"after"'],
    [{ after: `1.${UNKNOWN_ID}`, skip: 1 }, '"after"'],
    [{ userId: '' }, '"userId"'],
    [{ userId: 'a\0' }, '"userId"'],
    [{ tenantId: ['acme'] }, '"tenantId"'],
  ])('rejects the search %j with invalid-request and names the field', async (search, named) => {
    await expect((async () => use().administration.search(search as never))()).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining(named),
      field: named.replaceAll('"', ''),
    });
  });
});

describe('invalid arguments', () => {
  it.each([
    ['search', { tenant: 'acme' }, 'tenant'],
    ['search', { sort: 'device' }, 'sort'],
    ['count', { tenant: 'acme' }, 'tenant'],
    ['count', { take: 1 }, 'take'],
  ] as const)('make %s throw a TypeError for the unknown property in %j', async (call, given, name) => {
    const { administration } = use();
    await expect(administration[call](given as never)).rejects.toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(`no \`${name}\``) }),
    );
  });

  it.each(['acme', null, 42, [], new Map()])('make search and count throw a TypeError: %p', async (given) => {
    const { administration } = use();
    await expect(administration.search(given as never)).rejects.toThrow(TypeError);
    await expect(administration.count(given as never)).rejects.toThrow(TypeError);
  });

  it('make revoke and revokeEverything throw if the actor is not given as `by`', async () => {
    const manager = use();
    const { administration } = manager;
    const {
      session: { sessionId },
    } = await open(manager);
    for (const actor of ['root', { who: 'root' }, null]) {
      await expect(administration.revoke(sessionId, actor as never)).rejects.toThrow(/`revoke`.*`by`/);
      await expect(administration.revokeEverything({}, actor as never)).rejects.toThrow(/`by`/);
    }
    expect(await administration.count()).toBe(1);
  });
});

describe('revokeEverything', () => {
  it(
    satisfies(
      'ends all sessions with one write, immediately on this node and within the lease elsewhere',
      'ASVS 7.4.5',
    ),
    async () => {
      const [here, there] = [use(), use()];
      const opened = [];
      for (let i = 0; i < 5; i++) opened.push(await open(here, { userId: `user ${i}` }));
      for (const { credentials } of opened) await there.verify(credentials);
      await here.administration.revokeEverything({}, { by: 'root' });
      const { rows } = await nodes.database.knex.raw<{ rows: unknown[] }>(
        'select * from identity_sessions where ended_at is not null',
      );
      expect(rows).toEqual([]);
      for (const { credentials } of opened) {
        await expect((async () => here.verify(credentials))()).rejects.toMatchObject({
          code: 'session-ended',
          endReason: 'administrator',
        });
      }
      nodes.clock.advance(2000);
      await turns();
      for (const { credentials } of opened) {
        await expect((async () => there.verify(credentials))()).rejects.toEqual(refusal('session-ended'));
      }
      nodes.clock.advance(1);
      const { credentials } = await open(there);
      expect((await here.verify(credentials)).userId).toBe('alice');
    },
  );

  it('ends the sessions of one tenant and reports the event', async () => {
    const events: SessionEvent[] = [];
    const manager = use({ report: (event) => events.push(event) });
    const acme = await open(manager, { tenantId: 'acme' });
    const other = await open(manager);
    events.length = 0;
    await manager.administration.revokeEverything({ tenantId: 'acme' }, { by: 'root' });
    expect(events).toEqual([{ type: 'everything-ended', tenantId: 'acme', by: 'root' }]);
    await expect((async () => manager.verify(acme.credentials))()).rejects.toEqual(refusal('session-ended'));
    await manager.verify(other.credentials);
    expect(await manager.administration.count()).toBe(1);
  });

  it.each([[{ tenantId: '' }], [{ tenantId: 42 }]])(
    'rejects the scope %j with invalid-request and ends nothing',
    async (scope) => {
      const manager = use();
      await open(manager);
      await expect(manager.administration.revokeEverything(scope as never)).rejects.toEqual(
        refusal('invalid-request'),
      );
      expect(await manager.administration.count()).toBe(1);
    },
  );

  it.each([
    [{ tenant: 'acme' }, /no `tenant`/],
    [{ tenantId: 'acme', userId: 'alice' }, /no `userId`/],
    [{ tenantId: undefined }, /`tenantId` is undefined/],
    ['acme', /was called with a string/],
    [['acme'], /was called with a list/],
    [new Map([['tenantId', 'acme']]), /an object of a class/],
    [null, /was called with null/],
  ])('throws a TypeError and ends nothing for the scope %p', async (scope, message) => {
    const manager = use();
    await open(manager);
    const ending = manager.administration.revokeEverything(scope as never);
    await expect(ending).rejects.toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringMatching(message) }),
    );
    expect(await manager.administration.count()).toBe(1);
  });

  it('ends the sessions without a tenant for tenantId null, and all sessions without a scope', async () => {
    const manager = use();
    await open(manager, { tenantId: 'acme' });
    await open(manager);
    await manager.administration.revokeEverything({ tenantId: null });
    expect(await manager.administration.count()).toBe(1);
    await manager.administration.revokeEverything(undefined, { by: 'root' });
    expect(await manager.administration.count()).toBe(0);
  });
});

describe('policy and setPolicy', () => {
  it('apply a change immediately on this node, and within the lease on others', async () => {
    const [here, there] = [use(), use()];
    await open(there);
    await here.administration.setPolicy({ preventConcurrentLogin: 'LogoutFromAllDevices' });
    await open(here);
    expect(await here.administration.count({ userId: 'alice' })).toBe(1);
    nodes.clock.advance(2000);
    await open(there);
    expect(await there.administration.count({ userId: 'alice' })).toBe(1);
    expect(await there.administration.policy()).toEqual({ preventConcurrentLogin: 'LogoutFromAllDevices' });
  });

  it('limit the sessions of a user from the next sign-in on, also on other nodes', async () => {
    const [here, there] = [use({ maxSessionsPerUser: 4 }), use({ maxSessionsPerUser: 4 })];
    const count = () => here.administration.count({ userId: 'alice' });
    for (let i = 0; i < 5; i++) await open(there);
    expect(await count()).toBe(4);
    await here.administration.setPolicy({ maxSessionsPerUser: 2 });
    await open(here);
    expect(await count()).toBe(2);
    nodes.clock.advance(2000);
    for (let i = 0; i < 3; i++) await open(there);
    expect(await count()).toBe(2);
    await here.administration.setPolicy({ maxSessionsPerUser: Infinity });
    nodes.clock.advance(2000);
    for (let i = 0; i < 5; i++) await open(there);
    expect(await count()).toBe(7);
    await here.administration.setPolicy({ maxSessionsPerUser: null });
    await open(here);
    expect(await count()).toBe(4);
  });

  it('are completed by policyInForce, which adds the options to the stored settings', async () => {
    const { administration } = use({
      preventConcurrentLogin: 'LogoutFromSameTypeDevices',
      maxSessionsPerUser: 9,
    });
    const unlimited = { maxSessionsPerClient: Infinity, maxSessionsPerDevice: Infinity };
    expect(await administration.policyInForce()).toEqual({
      preventConcurrentLogin: 'LogoutFromSameTypeDevices',
      maxSessionsPerUser: 9,
      ...unlimited,
      idleTimeout: 3_600_000,
      protocols: {},
    });
    const protocols = { example: { minutes: 30 } };
    await administration.setPolicy({
      preventConcurrentLogin: 'Disabled',
      maxSessionsPerUser: 5,
      idleTimeout: 1e10,
      protocols,
    });
    expect(await administration.policyInForce()).toEqual({
      preventConcurrentLogin: 'Disabled',
      maxSessionsPerUser: 5,
      ...unlimited,
      idleTimeout: 7 * 86_400_000,
      protocols,
    });
  });

  it('return to the options on every node after a setting was set to null', async () => {
    const options = { preventConcurrentLogin: 'LogoutFromAllDevices' } as const;
    const [here, there] = [use(options), use(options)];
    await here.administration.setPolicy({ preventConcurrentLogin: 'Disabled', protocols: { example: {} } });
    await open(there);
    await open(there);
    expect(await there.administration.count()).toBe(2);
    await here.administration.setPolicy({ preventConcurrentLogin: null, protocols: { example: null } });
    expect(await here.administration.policy()).toEqual({});
    expect((await here.administration.policyInForce()).preventConcurrentLogin).toBe('LogoutFromAllDevices');
    nodes.clock.advance(2000);
    await open(there);
    expect(await there.administration.count()).toBe(1);
  });

  it('apply a change on every node after the row of the policy was deleted by hand', async () => {
    const [here, there] = [use(), use()];
    await here.administration.setPolicy({ preventConcurrentLogin: 'LogoutFromAllDevices' });
    await open(there);
    await nodes.database.knex('identity_session_policy').delete();
    nodes.clock.advance(2000);
    await open(there);
    expect(await there.administration.count()).toBe(2);
    await here.administration.setPolicy({ preventConcurrentLogin: 'LogoutFromAllDevices' });
    nodes.clock.advance(2000);
    await open(there);
    expect(await there.administration.count()).toBe(1);
  });

  it('cost sign-ins no statement while the policy stays the same', async () => {
    const statements: string[] = [];
    const pool = { min: 0, max: 10, afterCreate: watched(statements) };
    const manager = use({ knex: nodes.database.connect({ pool }) });
    await open(manager);
    await open(manager);
    expect(statements).toContain('"public".identity_sessions.policy');
    statements.length = 0;
    await open(manager);
    expect(statements).toContain('"public".identity_sessions.insert');
    expect(statements).not.toContain('"public".identity_sessions.policy');
  });
});
