import { sessionsOf, type IdentitySessionOptions } from '../../lib';
import { until } from '../support/gate';
import { nodesOnADatabase, open, refusal } from '../support/nodes';
import { DAY, HOUR } from '../support/sessions';

const nodes = nodesOnADatabase();
const use = (options?: IdentitySessionOptions) => nodes.use(options);

const owner = { tenantId: null, userId: 'alice' };

describe('verify', () => {
  it('returns a cached session synchronously', async () => {
    const manager = use();
    const { credentials } = await open(manager);
    await manager.verify(credentials);
    await until(() => nodes.clock.reads > 0);
    await manager.verify(credentials);
    expect(manager.verify(credentials)).not.toBeInstanceOf(Promise);
  });

  it('returns a session that is frozen with all its parts', async () => {
    const manager = use();
    const parts = { roles: [{ name: 'reader' }] };
    const { credentials } = await open(manager, {
      extraProperties: parts,
      data: parts,
      protocolData: { mine: parts },
      clientHints: { platform: 'Windows', brands: [{ name: 'Edge', version: '140' }] },
    });
    const session = await manager.verify(credentials);
    expect(notFrozen(session)).toEqual([]);
    expect(notFrozen(await manager.verify(credentials, { activity: false }))).toEqual([]);
    await manager.update(credentials.sessionId, { data: parts, protocolData: { other: parts } });
    await manager.verify(credentials, { ipAddress: '198.51.100.7' });
    expect(notFrozen(await manager.verify(credentials))).toEqual([]);
    expect(() => Object.assign(session, { userId: 'mallory' })).toThrow(TypeError);
    expect(() => Object.assign(session.extraProperties, { role: 'admin' })).toThrow(TypeError);
    expect(await manager.verify(credentials)).toMatchObject({
      userId: 'alice',
      extraProperties: parts,
    });
  });

  it('returns a plain object that can be copied, cloned and written as JSON', async () => {
    const manager = use();
    const { credentials } = await open(manager);
    const session = await manager.verify(credentials);
    for (const copy of [{ ...session }, structuredClone(session), JSON.parse(JSON.stringify(session))]) {
      expect(copy).toStrictEqual(session);
      expect(copy).toMatchObject({
        userId: 'alice',
        ipAddresses: ['192.0.2.1'],
        lastAccessed: nodes.clock.now(),
      });
    }
  });

  it('returns a session that does not change with later uses', async () => {
    const manager = use();
    const { credentials } = await open(manager);
    const session = await manager.verify(credentials);
    const before = { ...session };
    nodes.clock.advance(5000);
    const later = await manager.verify(credentials, { ipAddress: '198.51.100.7' });
    expect(session).toEqual(before);
    expect(later).toMatchObject({
      lastAccessed: nodes.clock.now(),
      ipAddresses: ['192.0.2.1', '198.51.100.7'],
    });
  });

  it('records the time and the address of the use', async () => {
    const manager = use();
    const { credentials } = await open(manager);
    nodes.clock.advance(5000);
    await manager.verify(credentials, { ipAddress: '198.51.100.7' });
    expect((await manager.list(owner)).sessions[0]).toMatchObject({
      lastAccessed: nodes.clock.now(),
      ipAddresses: ['192.0.2.1', '198.51.100.7'],
    });
  });

  it.each([
    ['truncated', ['192.0.2.0', '198.51.100.0']],
    ['none', []],
  ] as const)('keeps addresses as `ipAddresses: %p` says', async (ipAddresses, kept) => {
    const report = jest.fn();
    const manager = use({ ipAddresses, report });
    const { credentials } = await open(manager);
    for (const ipAddress of ['198.51.100.7', '198.51.100.8'])
      await manager.verify(credentials, { ipAddress });
    expect((await manager.list(owner)).sessions[0]).toMatchObject({
      ipAddresses: kept,
      signInAddress: kept[0] ?? null,
    });
    const wrong = async () =>
      manager.verify({ ...credentials, secret: 'A'.repeat(43) }, { ipAddress: '198.51.100.7' });
    await expect(wrong()).rejects.toThrow();
    expect(report).toHaveBeenCalledWith(expect.objectContaining({ ipAddress: kept[1] ?? null }));
    await manager.close();
    const rows = await nodes.database.knex.raw<{ rows: object[] }>(
      'select s::text from identity_sessions s union all select t::text from identity_session_trail t',
    );
    expect(JSON.stringify(rows.rows)).not.toMatch(/192\.0\.2\.1|198\.51\.100\.[78]/);
  });

  it('compares networks if addresses are truncated', async () => {
    const manager = use({ ipAddresses: 'truncated', ipCheck: { mode: 'strict', ranges: ['203.0.113.7'] } });
    const { credentials } = await open(manager);
    const from = async (ipAddress: string) => manager.verify(credentials, { ipAddress });
    await expect(from('192.0.2.200')).resolves.toBeDefined();
    await expect(from('203.0.113.7')).resolves.toBeDefined();
    await expect(from('203.0.113.8')).rejects.toMatchObject({ code: 'ip-changed' });
  });

  it('records nothing if activity is false', async () => {
    const manager = use();
    const { credentials } = await open(manager);
    nodes.clock.advance(5000);
    await manager.verify(credentials, { ipAddress: '198.51.100.7', activity: false });
    expect((await manager.list(owner)).sessions[0]).toMatchObject({
      lastAccessed: null,
      ipAddresses: ['192.0.2.1'],
    });
  });

  it('rejects only the session whose JSON cannot be read, which can still be listed, ended and replaced', async () => {
    const report = jest.fn();
    const manager = use({ report });
    const [bad, good, other] = [await open(manager), await open(manager), await open(manager)];
    const deep = JSON.stringify({ a: JSON.parse('['.repeat(200) + ']'.repeat(200)) as unknown });
    await nodes.database
      .knex('identity_sessions')
      .whereIn('session_id', [bad.session.sessionId, other.session.sessionId])
      .update({ data: deep });
    const answers = [bad, good].map(async ({ credentials }) => manager.verify(credentials));
    const [rejected, verified] = await Promise.allSettled(answers);
    expect(rejected).toMatchObject({
      reason: { message: expect.stringContaining('"data" is nested too deeply') },
    });
    expect(verified).toMatchObject({ status: 'fulfilled' });
    const task = { type: 'failed', task: 'rows', error: expect.any(Error) as Error };
    expect(report).toHaveBeenCalledWith(task);
    expect((await manager.list(owner)).sessions).toHaveLength(3);
    expect((await manager.administration.search()).sessions).toHaveLength(3);
    expect(await manager.signOut(bad.credentials)).not.toHaveProperty('defect');
    await manager.open({ userId: 'alice', replaces: other.credentials });
    await expect(async () => manager.verify(other.credentials)).rejects.toEqual(refusal('session-ended'));
  });

  it('accepts the session again after the app has replaced the JSON that cannot be read', async () => {
    const manager = use();
    const { session, credentials } = await open(manager);
    await nodes.database.knex('identity_sessions').update({ data: '[]' });
    await expect(async () => manager.verify(credentials)).rejects.toThrow('"data" is not a JSON object');
    await manager.update(session.sessionId, { data: {} });
    expect(await manager.verify(credentials)).toMatchObject({ userId: 'alice', data: {} });
  });

  it('reveals the reason of a refusal only to a caller with the secret', async () => {
    const manager = use();
    const { session, credentials } = await open(manager);
    await manager.revoke(sessionsOf(owner, [session.sessionId]));
    const wrong = { ...credentials, secret: 'A'.repeat(43) };
    await expect(async () => manager.verify(wrong)).rejects.toEqual(refusal('credentials-invalid'));
    await expect(async () => manager.verify(credentials)).rejects.toEqual(refusal('session-ended'));
  });

  it('rejects with session-expired after the absolute lifetime, even if the session is in constant use', async () => {
    const manager = use({ absoluteLifetime: '2H' });
    const { credentials } = await open(manager, { staySignedIn: true });
    for (let minutes = 0; minutes < 120; minutes += 30) {
      await manager.verify(credentials);
      nodes.clock.advance(HOUR / 2);
    }
    await expect(async () => manager.verify(credentials)).rejects.toEqual(refusal('session-expired'));
    await expect(manager.revive(credentials)).rejects.toEqual(refusal('session-expired'));
  });

  it('accepts a session that seems idle here but was used on another node', async () => {
    const here = use();
    const { credentials } = await open(here);
    await here.verify(credentials);
    for (let minutes = 0; minutes < 90; minutes += 30) {
      nodes.clock.advance(HOUR / 2);
      const there = use();
      await there.verify(credentials);
      await there.close();
    }
    expect(await here.verify(credentials)).toMatchObject({ userId: 'alice' });
  });
});

describe('temporary data', () => {
  it('is available on every node until the session hibernates, and is gone on every node after it wakes', async () => {
    const [here, there] = [use(), use()];
    const { session, credentials } = await open(here, { staySignedIn: true, data: { draft: 1 } });
    expect((await there.verify(credentials)).data).toEqual({ draft: 1 });
    await here.update(session.sessionId, { data: { draft: 2 } });
    nodes.clock.advance(2000);
    expect((await there.verify(credentials)).data).toEqual({ draft: 2 });

    nodes.clock.advance(DAY);
    expect((await here.list(owner)).sessions[0]?.data).toEqual({});
    const woken = await Promise.all(
      [here, there, here, there].map(async (manager) => manager.verify(credentials)),
    );
    for (const { data, lastAccessed } of woken) expect([data, lastAccessed]).toEqual([{}, nodes.clock.now()]);

    await there.update(session.sessionId, { data: { draft: 3 } });
    nodes.clock.advance(2000);
    expect((await here.verify(credentials)).data).toEqual({ draft: 3 });
  });
});

describe('verify with an IP check', () => {
  const strict = { ipCheck: { mode: 'strict', maskV4: '/24' } } as const;

  it('rejects with ip-changed outside the allowed range, and accepts addresses inside it', async () => {
    const manager = use(strict);
    const { credentials } = await open(manager);
    const from = async (ipAddress: string) => manager.verify(credentials, { ipAddress });
    await expect(from('198.51.100.7')).rejects.toEqual(refusal('ip-changed'));
    expect((await from('192.0.2.200')).ipAddresses).toEqual(['192.0.2.1']);
    expect((await from('::ffff:192.0.2.1')).ipAddresses).toEqual(['192.0.2.1']);
  });

  it('moves the session to another address only for a request from an allowed one', async () => {
    const manager = use(strict);
    const { credentials } = await open(manager);
    const moved = async (movesTo: string, ipAddress: string) =>
      manager.verify(credentials, { ipAddress, movesTo });
    await expect(moved('198.51.100.7', '198.51.100.7')).rejects.toEqual(refusal('ip-changed'));
    await expect(moved('nonsense', '192.0.2.1')).rejects.toEqual(refusal('invalid-request'));
    expect((await moved('::ffff:198.51.100.7', '192.0.2.1')).ipAddresses).toEqual([
      '192.0.2.1',
      '198.51.100.7',
    ]);
    await expect(moved('192.0.2.1', '192.0.2.1')).rejects.toEqual(refusal('ip-changed'));
  });

  it('ends the session with reason ip-changed if autologin comes from another address', async () => {
    const manager = use(strict);
    const { credentials } = await open(manager, { staySignedIn: true });
    const revived = manager.revive(credentials, { ipAddress: '198.51.100.7' });
    await expect(revived).rejects.toEqual(refusal('ip-changed'));
    await expect(async () => manager.verify(credentials)).rejects.toMatchObject({ endReason: 'ip-changed' });
  });

  it('accepts any address in the same country in mode countrycode', async () => {
    const countries: Record<string, string> = {
      '192.0.2.1': 'DE',
      '198.51.100.7': 'DE',
      '203.0.113.9': 'FR',
    };
    const location = (address: string) => ({ country: countries[address] });
    const manager = use({ ipCheck: { mode: 'countrycode' }, location });
    const { credentials } = await open(manager);
    await manager.verify(credentials, { ipAddress: '198.51.100.7' });
    const abroad = async () => manager.verify(credentials, { ipAddress: '203.0.113.9' });
    await expect(abroad).rejects.toEqual(refusal('ip-changed'));
  });

  it('rejects a new address in mode countrycode if the country cannot be looked up', async () => {
    const location = () => {
      throw new Error('the file is gone');
    };
    const manager = use({ ipCheck: { mode: 'countrycode' }, location });
    const { credentials } = await open(manager);
    const elsewhere = async () => manager.verify(credentials, { ipAddress: '198.51.100.7' });
    await expect(elsewhere).rejects.toEqual(refusal('ip-changed'));
  });
});

/** Returns the paths of the objects and lists in a value that are not frozen. */
function notFrozen(value: unknown, path = 'session'): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.entries(value).flatMap(([name, part]) => notFrozen(part, `${path}.${name}`));
  return Object.isFrozen(value) ? inside : [path, ...inside];
}
