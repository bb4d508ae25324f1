import express from 'express';
import express4 from 'express4';

import { createReauthentication, sessionSecretGuard } from '../../../lib';
import type { OpenXchangeRouterOptions } from '../../../lib/protocols/open-xchange';
import { CHROME, Client, expectError, json, OpenXchangeApp, UI } from '../../support/open-xchange';

const ox = new OpenXchangeApp();
/** Another node on the same database. */
const there = new OpenXchangeApp();

describe('sessionmanagement', () => {
  it('all groups browsers, apps, synchronisation and others, newest first, including the current session', async () => {
    await ox.arrange();
    const ids = ['my-script', 'CALDAV', 'USM-EAS', 'OSX.OXDrive', UI, 'open-xchange-appsuite'];
    const clients = [];
    for (const id of ids) {
      clients.push(await ox.signedIn('alice', CHROME, id));
      ox.clock.advance(1000);
    }
    const listed = await clients[0]!.all();
    expect(listed.map(({ client }) => client)).toEqual([
      'open-xchange-appsuite',
      UI,
      'OSX.OXDrive',
      'USM-EAS',
      'CALDAV',
      'my-script',
    ]);
    expect(listed.map(({ device }) => device.client.type)).toEqual([
      'browser',
      'browser',
      'oxapp',
      'eas',
      'dav',
      'other',
    ]);
    expect(listed.at(-1)).toMatchObject({
      sessionId: clients[0]!.session,
      device: { displayName: 'Unknown device', client: { type: 'other' } },
    });
    for (const { lastActive, loginTime } of listed) expect(lastActive).toBeGreaterThanOrEqual(loginTime);
  });

  it('all shows no sessions of other users and omits unknown values', async () => {
    await ox.arrange();
    await ox.signedIn('bob');
    const client = ox.client('');
    await client.login('alice', '&clientIP=nonsense');
    const [only, ...others] = await client.all();
    expect(others).toEqual([]);
    expect(only).not.toHaveProperty('userAgent');
    expect(JSON.stringify(only)).not.toContain('null');
  });

  it('delete ends the sessions that the body names and returns an empty answer', async () => {
    await ox.arrange();
    const [one, two, three] = [await ox.signedIn(), await ox.signedIn('alice', CHROME), await ox.signedIn()];
    const answer = await one.delete(JSON.stringify([two.session, three.session]));
    expect([answer.status, answer.body]).toEqual([200, '{}']);
    expect((await one.all()).map(({ sessionId }) => sessionId)).toEqual([one.session]);
    expectError(await two.use(), 'SES-0203', [two.session]);
  });

  it('delete stops at the first id of another user; sessions before it stay ended', async () => {
    await ox.arrange();
    const [one, two, three] = [await ox.signedIn(), await ox.signedIn('alice', CHROME), await ox.signedIn()];
    const bob = await ox.signedIn('bob');
    const answer = await one.delete(JSON.stringify([two.session, bob.session, three.session]));
    expectError(answer, 'SESSIONMANAGEMENT-0002');
    const left = (await one.all()).map(({ sessionId }) => sessionId);
    expect(left.sort()).toEqual([one.session, three.session].sort());
    expect(json(await bob.use())).toEqual({ data: 'bob' });
  });

  it('delete reports an ended or unknown session as missing', async () => {
    await ox.arrange();
    const [one, two] = [await ox.signedIn(), await ox.signedIn('alice', CHROME)];
    await one.delete(JSON.stringify([two.session]));
    for (const id of [two.session, '0'.repeat(32), 'x', '']) {
      expectError(await one.delete(JSON.stringify([id])), 'SESSIONMANAGEMENT-0002');
    }
    expect((await one.delete('[]')).body).toBe('{}');
  });

  it.each([
    ['', 'SVL-0023', []],
    ['{}', 'SVL-0023', []],
    ['"x"', 'SVL-0023', []],
    ['[1]', 'SVL-0009', ['An element is not a string.']],
    ['[null]', 'SVL-0009', ['An element is not a string.']],
    ['[["x"]]', 'SVL-0009', ['An element is not a string.']],
    ['[', 'SVL-0029', []],
  ])('delete refuses the body %j', async (body, code, params) => {
    await ox.arrange();
    const client = await ox.signedIn();
    expectError(await client.delete(body, ['Content-Type: text/javascript; charset=UTF-8']), code, params);
    expect(await client.all()).toHaveLength(1);
  });

  it('delete changes nothing with 10,000 unknown ids or a body of 2 MB', async () => {
    await ox.arrange();
    const client = await ox.signedIn();
    const ids = Array.from({ length: 10_000 }, (_, at) => at.toString(16).padStart(32, '0'));
    expectError(await client.delete(JSON.stringify(ids)), 'SESSIONMANAGEMENT-0002');
    expectError(await client.delete(JSON.stringify(['x'.repeat(2_000_000)])), 'SVL-0004', [
      'The body cannot be read.',
    ]);
    expect(await client.all()).toHaveLength(1);
  });

  describe.each([
    ['Express 5', express],
    ['Express 4', express4],
  ])('on %s', (_, framework) => {
    it.each([
      ['text/javascript; charset=UTF-8', []],
      ['application/json', []],
      ['application/json', [framework.json()]],
      ['application/x-www-form-urlencoded', []],
      ['application/x-www-form-urlencoded', [framework.urlencoded({ extended: false })]],
      ['application/x-www-form-urlencoded', [framework.urlencoded({ extended: true })]],
      ['text/plain', [framework.text()]],
      ['application/octet-stream', [framework.raw()]],
    ])(
      'delete reads JSON with the content type %s, also if the app has parsed it before',
      async (type, before) => {
        await ox.arrange({ framework, before });
        const [one, two, three] = [await ox.signedIn(), await ox.signedIn(), await ox.signedIn()];
        for (const ids of [[two.session], [three.session]]) {
          expect((await one.delete(JSON.stringify(ids), [`Content-Type: ${type}`])).body).toBe('{}');
        }
        expect(await one.all()).toHaveLength(1);
      },
    );
  });

  it('clear ends all other sessions, also those of hidden clients, which delete can end by id', async () => {
    await ox.arrange({ options: { clientBlacklist: ['USM-EAS'] } });
    const hide = () => ox.signedIn('alice', CHROME, 'USM-EAS');
    const [one, two, bob] = [
      await ox.signedIn(),
      await ox.signedIn('alice', CHROME),
      await ox.signedIn('bob', CHROME),
    ];
    const [hidden, other] = [await hide(), await hide()];
    expect(await one.all()).toHaveLength(2);
    expect((await one.delete(JSON.stringify([other.session]))).body).toBe('{}');
    expectError(await other.use(), 'SES-0203', [other.session]);
    const target = `/ajax/sessionmanagement?action=clear&session=${one.session}`;
    expect((await one.send('GET', target)).body).toBe('{}');
    expect(json(await one.use())).toEqual({ data: 'alice' });
    for (const ended of [two, hidden]) expectError(await ended.use(), 'SES-0203', [ended.session]);
    expect(json(await bob.use())).toEqual({ data: 'bob' });
  });

  it.each([
    ['of all nodes', true],
    ['of this node without global lookup', false],
  ])('all shows the sessions %s', async (_, globalLookup) => {
    await ox.arrange({ options: { nodeId: 'OX1', globalLookup } });
    const { knex } = ox.database;
    await there.arrange({ options: { knex, nodeId: 'OX2', globalLookup } });
    const [one, two] = [await ox.signedIn(), await there.signedIn('alice', CHROME)];
    const idsOf = async (client: Client) => (await client.all()).map(({ sessionId }) => sessionId).sort();
    const both = [one.session, two.session].sort();
    expect(await idsOf(one)).toEqual(globalLookup ? both : [one.session]);
    expect(await idsOf(two)).toEqual(globalLookup ? both : [two.session]);

    // The load balancer sends the client to the other node, which serves the session from now on.
    const three = await ox.signedIn('alice', CHROME, 'third');
    const moved = new Client(there.wire, three.userAgent, three.client, three.jar);
    moved.session = three.session;
    expect(await idsOf(moved)).toContain(three.session);
    await there.manager.close();
    expect((await idsOf(one)).includes(three.session)).toBe(globalLookup);
  });

  it('delete and clear also end sessions of other nodes that the list does not show', async () => {
    await ox.arrange({ options: { nodeId: 'OX1', globalLookup: false } });
    await there.arrange({ options: { knex: ox.database.knex, nodeId: 'OX2', globalLookup: false } });
    const [one, two, three] = [
      await ox.signedIn(),
      await there.signedIn('alice', CHROME),
      await there.signedIn('alice', CHROME, 'third'),
    ];
    expect(await one.all()).toHaveLength(1);
    expect((await one.delete(JSON.stringify([two.session]))).body).toBe('{}');
    await one.send('GET', `/ajax/sessionmanagement?action=clear&session=${one.session}`);
    there.clock.advance(2000);
    for (const ended of [two, three]) expectError(await ended.use(), 'SES-0203', [ended.session]);
  });

  it.each(['POST', 'PUT'])('reads the session and the action from a form too: %s', async (method) => {
    await ox.arrange();
    const client = await ox.signedIn();
    const form = `action=all&session=${client.session}`;
    const answer = await client.send(method, '/ajax/sessionmanagement', form);
    expect(json(answer)).toMatchObject({ data: [{ sessionId: client.session }] });
  });

  it('checks the session first and then the action', async () => {
    await ox.arrange();
    const client = await ox.signedIn();
    expectError(await client.send('GET', '/ajax/sessionmanagement?action=all'), 'SES-0201');
    const target = `/ajax/sessionmanagement?session=${client.session}`;
    expectError(await client.send('GET', target), 'SVL-0002', ['action']);
    expectError(await client.send('GET', `${target}&action=toString`), 'SVL-0021', [
      'toString',
      'sessionmanagement',
    ]);
  });
});

describe('sessionmanagement long after the login', () => {
  const HOUR = 3_600_000;

  async function arrange(router: Partial<OpenXchangeRouterOptions>, options = {}) {
    await ox.arrange({ router, options });
    const [one, two] = [await ox.signedIn(), await ox.signedIn('alice', CHROME)];
    ox.clock.advance(HOUR);
    return { one, two, clear: `/ajax/sessionmanagement?action=clear&session=${one.session}` };
  }

  it.each<[string, Partial<OpenXchangeRouterOptions>, object]>([
    ['the option recent', { recent: { maxAge: '10M' } }, {}],
    ['the option recency of the manager', {}, { recency: '10M' }],
  ])('lists sessions and ends the own one, but ends no others, with %s', async (_, router, options) => {
    const { one, two, clear } = await arrange(router, options);
    const refusals = [await one.delete(JSON.stringify([two.session])), await one.send('GET', clear)];
    for (const refused of refusals) expectError(refused, 'LGI-0027', [CONFIRM]);
    expectError(await one.delete(JSON.stringify([one.session, two.session])), 'LGI-0027', [CONFIRM]);

    expect(await one.all()).toHaveLength(2);
    expect((await one.delete(JSON.stringify([one.session]))).body).toBe('{}');
    expect(json(await two.use())).toEqual({ data: 'alice' });
  });

  it('ends others if the option recent is false', async () => {
    const { one, clear } = await arrange({ recent: false }, { recency: '10M' });
    expect((await one.send('GET', clear)).body).toBe('{}');
    expect(await one.all()).toHaveLength(1);
  });

  it('asks for the second factor if methods are required, and ends others after it was checked', async () => {
    const { one, two, clear } = await arrange({ recent: { maxAge: '10M', amr: ['otp'] } });
    expectError(await one.send('GET', clear), 'MFA-0015');
    const secret = new Map(one.jar);

    const { manager, dialect, app } = ox;
    const reauthenticated = createReauthentication(manager, { dialect });
    app.get('/ajax/multifactor', sessionSecretGuard(manager, { dialect }), async (request, response) => {
      await reauthenticated(request, response, { amr: ['pwd', 'otp'] });
      response.json({ data: {} });
    });
    await one.send('GET', `/ajax/multifactor?session=${one.session}`);
    expect(one.jar).toEqual(secret);
    expect((await one.send('GET', clear)).body).toBe('{}');
    expectError(await two.use(), 'SES-0203', [two.session]);
  });
});

const CONFIRM = 'Confirm that it is you: sign in again to continue.';
