import type { Express } from 'express';
import type { Response } from 'supertest';

import {
  claims,
  everySessionOf,
  sessionClaimGuard,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type SessionEvent,
  type Signal,
  type SignalType,
  type TrailEntry,
} from '../../lib';
import { appOn } from '../support/app';
import { Browser } from '../support/browser';
import { satisfies } from '../support/compliance';
import { turns, until } from '../support/gate';
import { nodesOnADatabase } from '../support/nodes';
import { Proxy } from '../support/proxy';
import { watched } from '../support/watched';

const nodes = nodesOnADatabase();
const ALICE = { userId: 'alice' };

const HOME = '192.0.2.1';
const ABROAD = '203.0.113.66';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const NEWER_FIREFOX = FIREFOX.replaceAll('140.0', '152.0');
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

/** The places of tests: each network has a country. */
const locator = (address: string) => {
  if (address.startsWith('192.0.2.')) return { country: 'DE' };
  return address.startsWith('203.0.113.') ? { country: 'US' } : undefined;
};

interface Site {
  readonly manager: IdentitySessionManager;
  readonly app: Express;
  readonly events: Extract<SessionEvent, { type: 'signal' }>[];
  readonly failures: SessionEvent[];
}

/** A node of an app behind a proxy that passes the addresses of clients. */
function site(options: IdentitySessionOptions = {}): Site {
  const events: Site['events'] = [];
  const failures: SessionEvent[] = [];
  const report = (event: SessionEvent): void => {
    if (event.type === 'signal') events.push(event);
    if (event.type === 'failed') failures.push(event);
  };
  const manager = nodes.use({ report, location: locator, ...options });
  const app = appOn(manager);
  app.set('trust proxy', true);
  return { manager, app, events, failures };
}

function browser({ app }: Site, address: string, userAgent: string): Browser {
  return new Browser(app, { 'X-Forwarded-For': address, 'User-Agent': userAgent });
}

async function signedIn(at: Site, address = HOME, userAgent = FIREFOX): Promise<Browser> {
  const owner = browser(at, address, userAgent);
  expect((await owner.post('/sign-in', ALICE)).status).toBe(200);
  expect((await owner.get('/private')).status).toBe(200);
  return owner;
}

/** A browser elsewhere with the cookies of another one. */
function copyOf(owner: Browser, at: Site, { address = HOME, userAgent = FIREFOX } = {}): Browser {
  const thief = browser(at, address, userAgent);
  for (const [name, value] of owner.cookies) thief.cookies.set(name, value);
  return thief;
}

const statusOf = async (one: Browser) => (await one.get('/private')).status;

/** The signals in the trail of the user, oldest first, after everything is written. */
async function signals({ manager }: Site): Promise<TrailEntry[]> {
  await turns();
  await manager.flush();
  await manager.close();
  const { entries } = await nodes.use().trail(ALICE, { limit: 1000 });
  return entries.filter(({ event }) => event === 'signal').reverse();
}

const reasons = async (at: Site) => (await signals(at)).map(({ reason }) => reason);

describe('a signal', () => {
  it(
    satisfies(
      'is one event and one entry of the trail, with the address before and after the change',
      'NIST 5.3',
    ),
    async () => {
      const at = site({ signals: ['address-changed'] });
      const owner = await signedIn(at);
      const thief = copyOf(owner, at, { address: ABROAD });
      for (let each = 0; each < 3; each++) expect(await statusOf(thief)).toBe(200);
      const observed = { before: HOME, after: ABROAD, ipAddress: ABROAD, userAgent: FIREFOX, count: 1 };
      expect(await signals(at)).toEqual([
        expect.objectContaining({ event: 'signal', reason: 'address-changed', userId: 'alice', ...observed }),
      ]);
      expect(at.events).toEqual([
        {
          type: 'signal',
          signal: 'address-changed',
          session: expect.objectContaining({ userId: 'alice' }),
          ...observed,
        },
      ]);
      const [, secret] = owner.cookies.get('__Host-Http-identity')!.split('.');
      expect(JSON.stringify(at.events)).not.toContain(secret);
    },
  );

  it(satisfies('says that another country uses the session, once for each country', 'NIST 5.3'), async () => {
    const at = site({ signals: ['country-changed'] });
    const owner = await signedIn(at);
    for (const address of [ABROAD, HOME, '203.0.113.67', '192.0.2.9', '198.51.100.1']) {
      expect(await statusOf(copyOf(owner, at, { address }))).toBe(200);
    }
    const abroad = { before: 'DE', after: 'US', ipAddress: ABROAD };
    expect(await signals(at)).toEqual([expect.objectContaining({ reason: 'country-changed', ...abroad })]);
    expect(at.events).toEqual([expect.objectContaining({ signal: 'country-changed', ...abroad })]);
  });

  it('finds countries with geoip-lite, after the response', async () => {
    const at = site({ location: true, signals: ['country-changed'] });
    const owner = await signedIn(at, '193.99.144.80');
    expect(await statusOf(copyOf(owner, at, { address: '8.8.8.8' }))).toBe(200);
    await until(() => at.events.length === 1);
    expect(at.events[0]).toMatchObject({ before: 'DE', after: 'US' });
  });

  it('is not raised by a move to an address that a program names', async () => {
    const at = site();
    const owner = await signedIn(at);
    const [sessionId = '', secret = ''] = owner.cookies.get('__Host-Http-identity')!.split('.');
    await at.manager.verify({ sessionId, secret }, { ipAddress: '198.51.100.1', movesTo: ABROAD });
    expect(await statusOf(copyOf(owner, at, { address: ABROAD }))).toBe(200);
    expect(await signals(at)).toEqual([]);
  });

  it('is raised by tokens of the app that name the session, also after its end', async () => {
    const at = site({ signals: ['user-agent-changed', 'ended-secret-used'] });
    const session = await at.manager.create({ ...ALICE, ipAddress: HOME, userAgent: FIREFOX });
    const claimsOf = () => claims(session);
    at.app.get('/claimed', sessionClaimGuard(at.manager, { claimsOf }), (_request, response) => {
      response.send('welcome');
    });
    const thief = browser(at, HOME, CHROME);
    expect((await thief.get('/claimed')).status).toBe(200);
    await at.manager.revoke(everySessionOf(ALICE));
    expect((await thief.get('/claimed')).status).toBe(401);
    expect(await reasons(at)).toEqual(['user-agent-changed', 'ended-secret-used']);
  });

  it(satisfies('says that another browser uses the session, with both user agents', 'NIST 5.3'), async () => {
    const at = site();
    const owner = await signedIn(at);
    const thief = copyOf(owner, at, { userAgent: CHROME });
    for (let each = 0; each < 3; each++) {
      expect(await statusOf(thief)).toBe(200);
      expect(await statusOf(owner)).toBe(200);
    }
    const observed = { before: FIREFOX, after: CHROME, ipAddress: HOME, userAgent: CHROME };
    expect(await signals(at)).toEqual([
      expect.objectContaining({ reason: 'user-agent-changed', ...observed }),
    ]);
    expect(at.events).toEqual([expect.objectContaining({ signal: 'user-agent-changed', ...observed })]);
  });

  it('is not raised by an update of the browser or by requests without client hints', async () => {
    const at = site();
    const owner = browser(at, HOME, CHROME);
    const hints = { 'Sec-CH-UA': '"Brave";v="140", "Chromium";v="140"', 'Sec-CH-UA-Platform': '"Windows"' };
    const brave = new Browser(at.app, { 'X-Forwarded-For': HOME, 'User-Agent': CHROME, ...hints });
    await brave.post('/sign-in', ALICE);
    for (const [name, value] of brave.cookies) owner.cookies.set(name, value);
    const updated = copyOf(owner, at, { userAgent: CHROME.replace('Chrome/140', 'Chrome/153') });
    for (const each of [brave, owner, updated]) expect(await statusOf(each)).toBe(200);
    const firefox = await signedIn(at);
    expect(await statusOf(copyOf(firefox, at, { userAgent: NEWER_FIREFOX }))).toBe(200);
    expect([await signals(at), at.events]).toEqual([[], []]);
  });

  it.each([
    ['curl/8.5.0', 'python-requests/2.32', true],
    ['curl/8.5.0', 'curl/8.9.1', false],
    ['MyShop/3.1 (iPhone; iOS 17.4)', 'MyShop/3.2 (iPhone; iOS 18.0)', false],
    ['MyShop/3.1 (iPhone; iOS 17.4)', 'MyShop/3.1 (Linux; Android 15)', true],
    [FIREFOX, FIREFOX.replace('X11; Linux x86_64', 'Windows NT 10.0; Win64; x64'), true],
    ['!', '?', true],
  ])(
    'compares programs and systems, but not versions: from %p to %p',
    async (before, userAgent, isSignal) => {
      const at = site();
      const owner = await signedIn(at, HOME, before);
      expect(await statusOf(copyOf(owner, at, { userAgent }))).toBe(200);
      expect(await reasons(at)).toEqual(isSignal ? ['user-agent-changed'] : []);
    },
  );

  it('is raised by a request without a user agent, but not by calls of the app', async () => {
    const at = site();
    const owner = await signedIn(at);
    const [sessionId = '', secret = ''] = owner.cookies.get('__Host-Http-identity')!.split('.');
    await at.manager.verify({ sessionId, secret });
    await turns();
    expect(at.events).toEqual([]);
    await at.manager.verify({ sessionId, secret }, { userAgent: null });
    expect(await signals(at)).toEqual([
      expect.objectContaining({
        reason: 'user-agent-changed',
        before: FIREFOX,
        after: null,
        userAgent: null,
      }),
    ]);
  });

  it(
    satisfies('says that the cookie of the device is missing, or is that of another device', 'NIST 5.3'),
    async () => {
      const at = site({ onNewDevice: () => undefined });
      const owner = await signedIn(at);
      const thief = copyOf(owner, at);
      thief.cookies.delete('__Host-Http-identity-device');
      const other = await signedIn(at);
      const user = copyOf(owner, at);
      user.cookies.set('__Host-Http-identity-device', other.cookies.get('__Host-Http-identity-device')!);
      for (const each of [owner, thief, user, thief, owner, user]) expect(await statusOf(each)).toBe(200);
      expect(await signals(at)).toEqual([
        expect.objectContaining({ reason: 'device-changed', before: null, after: 'missing', count: 1 }),
        expect.objectContaining({ reason: 'device-changed', before: null, after: 'other', count: 2 }),
      ]);
      expect(at.events.map(({ after }) => after)).toEqual(['missing', 'other']);
    },
  );

  it('is raised by autologin as well, which lets the app end the session', async () => {
    const at = site({ onNewDevice: () => undefined, onSignal: () => 'end' });
    const owner = browser(at, HOME, FIREFOX);
    await owner.post('/sign-in', { ...ALICE, staySignedIn: true });
    const thief = copyOf(owner, at);
    thief.cookies.delete('__Host-Http-identity-device');
    const { status, body } = await thief.post('/session/autologin');
    expect([status, body.reason]).toEqual([401, 'suspicious-use']);
    expect(at.events.map(({ signal, after }) => [signal, after])).toEqual([['device-changed', 'missing']]);
  });

  it('does not expect cookies of devices from clients with tokens', async () => {
    const at = site({ onNewDevice: () => undefined });
    const client = browser(at, HOME, FIREFOX);
    const { body } = await client.post('/sign-in', { ...ALICE, transport: 'bearer' });
    const tokens = new Browser(at.app, {
      'X-Forwarded-For': HOME,
      'User-Agent': FIREFOX,
      Authorization: `Bearer ${body.token}`,
    });
    expect(await statusOf(tokens)).toBe(200);
    expect(await signals(at)).toEqual([]);
  });

  it(
    satisfies('says from where the secret of an ended session was used, once for each origin', 'NIST 5.3'),
    async () => {
      const onSignal = jest.fn();
      const at = site({ onSignal });
      const owner = await signedIn(at);
      const cookies = copyOf(owner, at);
      await owner.delete('/session');
      const thief = copyOf(cookies, at, { address: ABROAD, userAgent: CHROME });
      for (const each of [cookies, thief, cookies, thief]) {
        const { status, body } = await each.get('/private');
        expect([status, body.code]).toEqual([401, 'session-ended']);
      }
      thief.cookies.set('__Host-Http-identity', thief.cookies.get('__Host-Http-identity')!.replace(/.$/, ''));
      expect((await thief.get('/private')).body.code).not.toBe('session-ended');
      expect(await signals(at)).toEqual([
        expect.objectContaining({ reason: 'ended-secret-used', ipAddress: HOME, userAgent: FIREFOX }),
        expect.objectContaining({ reason: 'ended-secret-used', ipAddress: ABROAD, userAgent: CHROME }),
      ]);
      expect(at.events).toHaveLength(2);
      expect(onSignal.mock.calls.map(([{ type }]: [Signal]) => type)).toEqual([
        'ended-secret-used',
        'ended-secret-used',
      ]);
    },
  );

  it('is not raised by another address of the same connection with IPv6', async () => {
    const at = site();
    const owner = await signedIn(at, '2001:db8:1:2::1');
    expect(await statusOf(copyOf(owner, at, { address: '2001:db8:1:2:aaaa::9' }))).toBe(200);
    expect(await statusOf(copyOf(owner, at, { address: '2001:db8:1:3::1' }))).toBe(200);
    expect((await signals(at)).map(({ after }) => after)).toEqual(['2001:db8:1:3::1']);
  });

  it('is not raised if the IP check refuses the address, which has an entry of its own', async () => {
    const at = site({ ipCheck: { mode: 'strict' } });
    const owner = await signedIn(at);
    const { status, body } = await copyOf(owner, at, { address: ABROAD }).get('/private');
    expect([status, body.code]).toEqual([401, 'ip-changed']);
    expect([await signals(at), at.events]).toEqual([[], []]);
  });

  it('is raised once for an address that the IP check allows and the session does not follow', async () => {
    const at = site({ ipCheck: { mode: 'strict', ranges: ['203.0.113.0/24'] } });
    const owner = await signedIn(at);
    const other = copyOf(owner, at, { address: ABROAD });
    for (const each of [other, owner, other, owner]) expect(await statusOf(each)).toBe(200);
    expect(await reasons(at)).toEqual(['address-changed', 'country-changed']);
  });

  it('is in the history of the user in REST', async () => {
    const at = site();
    const owner = await signedIn(at);
    await copyOf(owner, at, { userAgent: `${CHROME}\u00ad` }).get('/private');
    await until(() => at.events.length === 1);
    const { body } = await owner.get('/sessions/trail');
    expect(body.entries[0]).toMatchObject({
      event: 'signal',
      reason: 'user-agent-changed',
      before: FIREFOX,
      current: true,
      count: 1,
    });
    expect(body.entries[0].after).toContain('Chrome/140');
  });

  it('is exported and erased with the other data of its user', async () => {
    const at = site();
    const owner = await signedIn(at);
    await copyOf(owner, at, { address: ABROAD }).get('/private');
    await until(() => at.events.length === 2);
    const exported = async () => {
      const kinds: unknown[] = [];
      for await (const record of at.manager.administration.exportUser(ALICE)) {
        if (record.kind === 'entry') kinds.push(record.entry.reason);
      }
      return kinds;
    };
    expect(await exported()).toContain('address-changed');
    await at.manager.administration.eraseUser(ALICE);
    expect(await exported()).toEqual([]);
  });
});

describe('a session that changes between two circumstances', () => {
  it('causes one signal of each type and no further writes to the trail or the session', async () => {
    const statements: string[] = [];
    const knex = nodes.database.connect({ pool: { min: 0, max: 5, afterCreate: watched(statements) } });
    const at = site({ knex, ipCheck: { mode: 'strict', ranges: ['0.0.0.0/0'] } });
    const owner = await signedIn(at);
    const other = copyOf(owner, at, { address: ABROAD, userAgent: CHROME });
    await statusOf(other);
    await until(() => at.events.length === 3);
    await at.manager.flush();
    expect(statements.filter((text) => text.endsWith('_trail.observed'))).toHaveLength(3);
    statements.length = 0;
    for (let each = 0; each < 50; each++) {
      expect(await statusOf(other)).toBe(200);
      expect(await statusOf(owner)).toBe(200);
    }
    await turns();
    expect(statements).toEqual([]);
    expect(await signals(at)).toHaveLength(3);
    expect(at.events).toHaveLength(3);
  });

  it('is verified synchronously and without a query, also with the browser after its update', async () => {
    const at = site();
    const owner = await signedIn(at);
    const [sessionId = '', secret = ''] = owner.cookies.get('__Host-Http-identity')!.split('.');
    for (const visit of [
      { ipAddress: HOME, userAgent: FIREFOX },
      { ipAddress: HOME, userAgent: NEWER_FIREFOX },
      { ipAddress: ABROAD, userAgent: CHROME },
      { ipAddress: HOME, userAgent: FIREFOX },
    ]) {
      expect(at.manager.verify({ sessionId, secret }, visit)).not.toBeInstanceOf(Promise);
    }
  });

  it('is not reported again by a node that starts later', async () => {
    const at = site();
    const owner = await signedIn(at);
    await statusOf(copyOf(owner, at, { userAgent: CHROME }));
    await until(() => at.events.length === 1);
    const later = site();
    expect(await statusOf(copyOf(owner, later, { userAgent: CHROME }))).toBe(200);
    expect(await signals(later)).toHaveLength(1);
    expect(later.events).toEqual([]);
  });

  it('leaves few entries, however many circumstances it has', async () => {
    const at = site({ signals: ['user-agent-changed'] });
    const owner = await signedIn(at);
    for (let each = 0; each < 30; each++) {
      await statusOf(copyOf(owner, at, { userAgent: `App${each}/1` }));
    }
    expect((await signals(at)).map(({ count }) => count)).toEqual([1, 2, 3, 4, 5, 10]);
    expect(at.events).toHaveLength(30);
  });
});

describe('a client with very many user agents', () => {
  it('causes at most 100 signals of a session within an hour', async () => {
    const at = site({ shortLifetime: '9D', longLifetime: '9D' });
    const owner = await signedIn(at);
    const [sessionId = '', secret = ''] = owner.cookies.get('__Host-Http-identity')!.split('.');
    const use = (userAgent: string) => at.manager.verify({ sessionId, secret }, { userAgent });
    for (let each = 1; each <= 120; each++) {
      await use(`App${each}/1`);
      await until(() => at.events.length === Math.min(each, 100));
    }
    await turns();
    nodes.clock.advance(3_600_000);
    await use('App120/1');
    await until(() => at.events.length === 101);
    expect(at.events[100]).toMatchObject({ after: 'App120/1', count: 1 });
    expect((await signals(at)).map(({ count }) => count)).toEqual([1, 2, 3, 4, 5, 10, 100, 1]);
  });
});

describe('parallel requests with one change', () => {
  it.each([undefined, () => undefined])('cause one signal on three nodes (onSignal: %p)', async (decide) => {
    const onSignal = decide && jest.fn(decide);
    const all = [1, 2, 3].map(() => site(onSignal && { onSignal }));
    const [at] = all as [Site, Site, Site];
    const owner = await signedIn(at);
    for (const each of all) expect(await statusOf(copyOf(owner, each))).toBe(200);
    const change = { address: ABROAD, userAgent: CHROME };
    const requests = Array.from({ length: 30 }, (_, i) => statusOf(copyOf(owner, all[i % 3]!, change)));
    expect(new Set(await Promise.all(requests))).toEqual(new Set([200]));
    for (const each of all) await signals(each);
    const types: SignalType[] = ['address-changed', 'country-changed', 'user-agent-changed'];
    expect((await reasons(at)).sort()).toEqual(types);
    const events = all.flatMap(({ events: own }) => own.map(({ signal }) => signal));
    expect(events.sort()).toEqual(types);
    if (onSignal) expect(onSignal.mock.calls).toHaveLength(3);
  });
});

describe('kept addresses', () => {
  it('are networks in signals if the app keeps networks', async () => {
    const at = site({ ipAddresses: 'truncated' });
    const owner = await signedIn(at);
    expect(await statusOf(copyOf(owner, at, { address: '192.0.2.200' }))).toBe(200);
    expect(await statusOf(copyOf(owner, at, { address: ABROAD }))).toBe(200);
    expect((await signals(at)).map(({ before, after, ipAddress }) => [before, after, ipAddress])).toEqual([
      ['192.0.2.0', '203.0.113.0', '203.0.113.0'],
      ['DE', 'US', '203.0.113.0'],
    ]);
    expect(JSON.stringify(at.events)).not.toContain(ABROAD);
  });

  it('are in no signal if the app keeps none', async () => {
    const at = site({ ipAddresses: 'none' });
    const owner = await signedIn(at);
    expect(await statusOf(copyOf(owner, at, { address: ABROAD, userAgent: CHROME }))).toBe(200);
    expect(await signals(at)).toEqual([
      expect.objectContaining({ reason: 'user-agent-changed', ipAddress: null }),
    ]);
    expect(JSON.stringify(at.events)).not.toContain(ABROAD);
  });
});

describe('onSignal', () => {
  const answer = ({ status, body }: Response) => [status, body.code, body.reason];

  it(
    satisfies('ends the session on all nodes if it returns "end", and refuses the request', 'NIST 5.3'),
    async () => {
      const told: Signal[] = [];
      const at = site({
        onSignal: async (signal) => {
          told.push(signal);
          await turns();
          return signal.type === 'country-changed' ? 'end' : undefined;
        },
      });
      const other = site();
      const owner = await signedIn(at);
      expect(await statusOf(copyOf(owner, other))).toBe(200);
      const thief = copyOf(owner, at, { address: ABROAD });
      const ended = [401, 'session-ended', 'suspicious-use'];
      expect(answer(await thief.get('/private'))).toEqual(ended);
      expect(answer(await owner.get('/private'))).toEqual(ended);
      nodes.clock.advance(3000);
      expect(answer(await copyOf(thief, other).get('/private'))).toEqual(ended);
      expect(told.slice(0, 2)).toEqual([
        expect.objectContaining({ type: 'address-changed', before: HOME, after: ABROAD }),
        {
          type: 'country-changed',
          session: expect.objectContaining({ userId: 'alice', ipAddresses: [HOME] }),
          before: 'DE',
          after: 'US',
          ipAddress: ABROAD,
          userAgent: FIREFOX,
          count: 1,
        },
      ]);
      expect(told[0]!.session).not.toHaveProperty('secretHash');
      const { entries } = await at.manager.trail(ALICE);
      expect(entries).toContainEqual(expect.objectContaining({ event: 'ended', reason: 'suspicious-use' }));
    },
  );

  it('lets all requests with the change wait for its answer, and other requests of the session pass', async () => {
    let decide = (_: 'end'): void => undefined;
    const onSignal = jest.fn(() => new Promise<'end'>((resolve) => (decide = resolve)));
    const at = site({ onSignal });
    const owner = await signedIn(at);
    const statuses: number[] = [];
    const thieves = [1, 2, 3].map(async () => {
      statuses.push(await statusOf(copyOf(owner, at, { userAgent: CHROME })));
    });
    await until(() => onSignal.mock.calls.length > 0);
    expect(await statusOf(owner)).toBe(200);
    expect(statuses).toEqual([]);
    decide('end');
    await Promise.all(thieves);
    expect(statuses).toEqual([401, 401, 401]);
    expect(onSignal).toHaveBeenCalledTimes(1);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('down'))],
  ])('is asked again by the next request on any node if it %s, and the request gets 503', async (_, fail) => {
    const onSignal = jest.fn<'end' | undefined, [Signal]>().mockImplementationOnce(fail as never);
    const at = site({ onSignal });
    const other = site({ onSignal });
    const owner = await signedIn(at);
    const response = await copyOf(owner, at, { userAgent: CHROME }).get('/private');
    expect(answer(response)).toEqual([503, 'store-unavailable', undefined]);
    expect(response.get('Retry-After')).toBe('1');
    expect(response.get('Set-Cookie')).toBeUndefined();
    expect(at.failures).toEqual([{ type: 'failed', task: 'hook', error: new Error('down') }]);
    expect(await statusOf(owner)).toBe(200);
    expect(await statusOf(copyOf(owner, other, { userAgent: CHROME }))).toBe(200);
    expect(await statusOf(copyOf(owner, at, { userAgent: CHROME }))).toBe(200);
    expect(onSignal).toHaveBeenCalledTimes(2);
  });

  it('does not hold a request longer than the request budget', async () => {
    const onSignal = jest.fn(() => new Promise<'end'>(() => undefined));
    const at = site({ onSignal, requestBudget: 5000 });
    const owner = await signedIn(at);
    const waiting = copyOf(owner, at, { userAgent: CHROME }).get('/private');
    const answered = waiting.then(answer);
    await until(() => onSignal.mock.calls.length > 0);
    nodes.clock.advance(5000);
    expect(await answered).toEqual([503, 'store-unavailable', undefined]);
    const message = '`onSignal` did not answer within 5000 ms';
    expect(at.failures).toEqual([{ type: 'failed', task: 'hook', error: new Error(message) }]);
    expect(await statusOf(owner)).toBe(200);
  });

  it('refuses the request with 503 if the change cannot be written', async () => {
    const proxy = await Proxy.before(nodes.database.url);
    const knex = nodes.database.connect({ connection: proxy.through(nodes.database.url) });
    const onSignal = jest.fn();
    const at = site({ knex, requestBudget: 500, onSignal });
    const owner = await signedIn(at);
    await proxy.close();
    expect(await statusOf(owner)).toBe(200);
    const response = await copyOf(owner, at, { userAgent: CHROME }).get('/private');
    expect(answer(response)).toEqual([503, 'store-unavailable', undefined]);
    expect(onSignal).not.toHaveBeenCalled();
  });

  it('ends the session later if the database fails between the change and the end', async () => {
    const proxy = await Proxy.before(nodes.database.url);
    const { port } = proxy;
    const knex = nodes.database.connect({ connection: proxy.through(nodes.database.url) });
    const onSignal = jest.fn<'end' | Promise<'end'>, [Signal]>(() => 'end');
    onSignal.mockImplementationOnce(async () => {
      await proxy.down();
      return 'end' as const;
    });
    const at = site({ knex, requestBudget: 500, onSignal });
    const owner = await signedIn(at);
    const thief = copyOf(owner, at, { userAgent: CHROME });
    try {
      expect(answer(await thief.get('/private'))).toEqual([503, 'store-unavailable', undefined]);
      await proxy.up(port);
      await until(async () => (await thief.get('/private')).status !== 503);
      expect(answer(await owner.get('/private'))).toEqual([401, 'session-ended', 'suspicious-use']);
      expect(onSignal.mock.calls.length).toBeGreaterThan(1);
    } finally {
      await at.manager.close();
      await proxy.close();
    }
  });

  it('is not needed: without it, a change that cannot be written is reported, and the request passes', async () => {
    const proxy = await Proxy.before(nodes.database.url);
    const knex = nodes.database.connect({ connection: proxy.through(nodes.database.url) });
    const at = site({ knex, requestBudget: 500 });
    const owner = await signedIn(at);
    await proxy.close();
    expect(await statusOf(copyOf(owner, at, { userAgent: CHROME }))).toBe(200);
    await until(() => at.failures.some((event) => event.type === 'failed' && event.task === 'trail'));
    expect(at.events).toEqual([]);
  });
});

describe('the option `signals`', () => {
  it('reports nothing if it is empty', async () => {
    const at = site({ signals: [], onNewDevice: () => undefined });
    const owner = await signedIn(at);
    const thief = copyOf(owner, at, { address: ABROAD, userAgent: CHROME });
    thief.cookies.delete('__Host-Http-identity-device');
    expect(await statusOf(thief)).toBe(200);
    await owner.delete('/session');
    expect(await statusOf(thief)).toBe(401);
    expect([await signals(at), at.events]).toEqual([[], []]);
  });
});
