import type {
  IdentitySessionManager,
  IdentitySessionOptions,
  RepeatedFailures,
  SessionEvent,
} from '../../lib';
import { until } from '../support/gate';
import { managerOn } from '../support/manager';
import { nodesOnADatabase } from '../support/nodes';
import { Proxy } from '../support/proxy';
import { ALICE, BOB } from '../support/sessions';

const nodes = nodesOnADatabase();
const use = (options: IdentitySessionOptions = {}) => nodes.use(options);

const WRONG = 'A'.repeat(43);
const events = async (manager: IdentitySessionManager, owner = ALICE) =>
  (await manager.trail(owner)).entries.map(({ event, reason }) => [event, reason]);

describe('trail', () => {
  it('returns 50 entries by default, and the others with the next page', async () => {
    const manager = use();
    for (let i = 0; i < 51; i++) await manager.open({ userId: 'alice' });
    const { entries, next } = await manager.trail(ALICE);
    expect(entries).toHaveLength(50);
    const last = await manager.trail(ALICE, { after: next });
    expect([last.entries.length, last.next]).toEqual([1, undefined]);
  });

  it.each([{ limit: 0 }, { limit: 1001 }, { after: '0' }, { after: '1 or 1=1' }, { after: '9'.repeat(19) }])(
    'refuses the page %p',
    async (page) => {
      await expect(use().trail(ALICE, page)).rejects.toMatchObject({ code: 'invalid-request' });
    },
  );

  it('names an actor only if it is not the owner', async () => {
    const manager = use();
    const { session, secret } = await manager.open({ userId: 'alice' });
    await manager.signOut({ sessionId: session.sessionId, secret });
    const other = await manager.open({ userId: 'alice' });
    await manager.administration.revoke(other.session.sessionId, { by: 'root' });
    const { entries } = await manager.trail(ALICE);
    expect(entries.map(({ reason, actor }) => [reason, actor])).toEqual([
      ['administrator', 'root'],
      [null, null],
      ['signed-out', null],
      [null, null],
    ]);
  });

  it('describes an entry with its device and place', async () => {
    const locator = () => ({ country: 'DE' });
    const manager = use({ location: locator });
    const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
    await manager.open({ userId: 'alice', userAgent, ipAddress: '198.51.100.7' });
    const [entry] = (await manager.trail(ALICE)).entries;
    const { device, place } = manager.describeEntry(entry!);
    expect([device?.client?.name, place]).toEqual(['firefox', { country: 'DE' }]);
    await manager.signInFailed({ owner: ALICE });
    const [failed] = (await manager.trail(ALICE)).entries;
    expect(manager.describeEntry(failed!)).toMatchObject({ device: undefined, place: undefined });
  });

  it('hides entries of clients in `clientBlacklist`, but not from administrators', async () => {
    const manager = use({ clientBlacklist: ['backup'] });
    await manager.open({ userId: 'alice', clientId: 'backup' });
    await manager.open({ userId: 'alice', clientId: 'mail' });
    expect((await manager.trail(ALICE)).entries.map(({ clientId }) => clientId)).toEqual(['mail']);
    const { entries } = await manager.administration.trail({ owner: ALICE });
    expect(entries.map(({ clientId }) => clientId)).toEqual(['mail', 'backup']);
  });
});

describe('administration.trail', () => {
  it('returns the entries of all users, and attempts without an owner', async () => {
    const manager = use();
    await manager.open({ userId: 'alice' });
    await manager.open({ userId: 'bob', tenantId: 'acme' });
    await manager.signInFailed({ name: 'Carol' });
    const { entries } = await manager.administration.trail();
    expect(entries.map(({ event, userId }) => [event, userId])).toEqual([
      ['sign-in-failed', null],
      ['signed-in', 'bob'],
      ['signed-in', 'alice'],
    ]);
  });
});

describe('signInFailed', () => {
  it('stores no name, only a hash that is equal for spellings of one account', async () => {
    const manager = use();
    await manager.signInFailed({ name: 'Alice@Example.org ', owner: ALICE });
    await manager.signInFailed({ name: 'alice@example.org', owner: ALICE });
    const [one, other] = (await manager.trail(ALICE)).entries;
    expect(one!.nameHash).toMatch(/^[0-9a-f]{64}$/);
    expect(one!.nameHash).toBe(other!.nameHash);
    const rows = await nodes.database.knex.raw<{ rows: object[] }>(`
      select t::text from identity_session_trail t union all select f::text from identity_session_failures f`);
    expect(JSON.stringify(rows.rows)).not.toMatch(/example/i);
  });

  it('calls `onRepeatedFailures` once, on four nodes and in parallel', async () => {
    const calls: RepeatedFailures[] = [];
    const onRepeatedFailures = (failures: RepeatedFailures) => void calls.push(failures);
    const four = [1, 2, 3, 4].map(() => use({ onRepeatedFailures }));
    const attempt = { name: 'alice', owner: ALICE, ipAddress: '198.51.100.1' };
    await Promise.all(Array.from({ length: 200 }, (_, i) => four[i % 4]!.signInFailed(attempt)));
    expect(calls).toEqual([{ owner: ALICE, count: 5, ipAddress: '198.51.100.1' }]);
    await four[0]!.signInFailed({ ...attempt, owner: BOB });
    expect(calls).toHaveLength(1);
  });

  it('reports a hook that fails', async () => {
    const problem = new Error('no mail server');
    const reported: SessionEvent[] = [];
    const report = (event: SessionEvent) => void reported.push(event);
    const manager = use({ report, onRepeatedFailures: () => Promise.reject(problem) });
    for (let i = 0; i < 5; i++) await manager.signInFailed({ owner: ALICE });
    expect(reported).toContainEqual({ type: 'failed', task: 'hook', error: problem });
  });

  it('reports an outage and does not reject, because the response must not depend on it', async () => {
    const proxy = await Proxy.before(nodes.database.url);
    const knex = nodes.database.connect({ connection: proxy.through(nodes.database.url) });
    const reported: SessionEvent[] = [];
    const manager = use({ knex, requestBudget: 500, report: (event) => void reported.push(event) });
    await proxy.close();
    await manager.signInFailed({ name: 'alice', owner: ALICE });
    const error = expect.objectContaining({ code: 'store-unavailable' });
    expect(reported).toContainEqual({ type: 'failed', task: 'trail', error });
  });

  it('throws a TypeError if `owner` is not an owner object', async () => {
    await expect(use().signInFailed({ owner: 'alice' as never })).rejects.toThrow(TypeError);
  });
});

describe('refused requests', () => {
  it('are recorded for a live session, within a second and counted', async () => {
    const manager = use();
    const { session } = await manager.open({ userId: 'alice' });
    const tries = Array.from({ length: 7 }, async () =>
      manager.verify({ sessionId: session.sessionId, secret: WRONG }, { ipAddress: '198.51.100.1' }),
    );
    await Promise.allSettled(tries);
    await expect(Promise.any(tries)).rejects.toThrow(AggregateError);
    nodes.clock.advance(1000);
    await manager.close();
    const [entry] = (await use().trail(ALICE)).entries;
    expect(entry).toMatchObject({
      event: 'refused',
      reason: 'wrong-secret',
      count: 7,
      ipAddress: '198.51.100.1',
      sessionId: session.sessionId,
    });
  });

  it('do not keep `close` waiting longer than its timeout if the database does not answer', async () => {
    const proxy = await Proxy.before(nodes.database.url);
    const manager = managerOn({
      knex: nodes.database.connect({ connection: proxy.through(nodes.database.url) }),
      clock: nodes.clock,
      isCleanupEnabled: false,
      requestBudget: 60_000,
    });
    const { session } = await manager.open({ userId: 'alice' });
    const wrong = async () => manager.verify({ sessionId: session.sessionId, secret: WRONG });
    await expect(wrong()).rejects.toMatchObject({ code: 'credentials-invalid' });
    proxy.silence();
    let closed = false;
    const closing = manager.close({ timeout: 100 }).then(() => (closed = true));
    try {
      await until(() => (nodes.clock.advance(100), closed));
    } finally {
      await proxy.close();
      await closing;
    }
  });

  it('are recorded if the address is not allowed', async () => {
    const manager = use({ ipCheck: { mode: 'strict' } });
    const { session, secret } = await manager.open({ userId: 'alice', ipAddress: '192.0.2.1' });
    const elsewhere = { ipAddress: '198.51.100.1' };
    const moved = async () => manager.verify({ sessionId: session.sessionId, secret }, elsewhere);
    await expect(moved()).rejects.toMatchObject({ code: 'ip-changed' });
    await manager.close();
    expect(await events(use())).toEqual([
      ['refused', 'ip-changed'],
      ['signed-in', null],
    ]);
  });

  it('are not recorded for ended and unknown sessions', async () => {
    const manager = use();
    const { session } = await manager.open({ userId: 'alice' });
    await manager.revoke({ owner: ALICE });
    for (const sessionId of [session.sessionId, '0'.repeat(32)]) {
      await expect(async () => manager.verify({ sessionId, secret: WRONG })).rejects.toThrow();
    }
    await manager.close();
    expect((await events(use())).filter(([event]) => event === 'refused')).toEqual([]);
  });
});
