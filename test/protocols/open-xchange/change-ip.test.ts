import { currentIpAddress } from '../../../lib';
import {
  type Arrangement,
  type Client,
  CHROME,
  expectError,
  FIREFOX,
  json,
  OpenXchangeApp,
  UI,
} from '../../support/open-xchange';
import { HOUR } from '../../support/sessions';

const ox = new OpenXchangeApp();

const TRUSTED = { trustedClients: '127.0.0.1' };

const FROM = (address: string) => [`X-Forwarded-For: ${address}`];

async function changed(client: Client, address: string, headers: readonly string[] = []) {
  const target = `/ajax/login?action=changeip&session=${client.session}&clientIP=${address}`;
  return client.send('GET', target, '', headers);
}

async function kept(): Promise<readonly string[]> {
  await ox.manager.close();
  const { rows } = await ox.database.knex.raw<{ rows: { ip_addresses: string }[] }>(
    'select ip_addresses from identity_sessions',
  );
  return rows[0]!.ip_addresses.split(',');
}

describe('changeip', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:DB8::1', '2001:db8::1'],
  ])(
    'changes the address of the session to %s, immediately and in the database',
    async (address, written) => {
      await ox.arrange({ router: TRUSTED });
      const client = await ox.signedIn();
      const answer = await changed(client, address);
      expect([answer.status, answer.body]).toEqual([200, '{"data":"1"}']);
      const {
        sessions: [session],
      } = await ox.manager.list({ userId: 'alice' });
      expect(currentIpAddress(session!)).toBe(written);
      expect(await kept()).toEqual(['127.0.0.1', written]);
    },
  );

  it('reads all parameters from the form too', async () => {
    await ox.arrange({ router: TRUSTED });
    const client = await ox.signedIn();
    const form = `action=changeip&session=${client.session}&clientIP=192.0.2.7`;
    expect((await client.send('POST', '/ajax/login', form)).body).toBe('{"data":"1"}');
    const {
      sessions: [session],
    } = await ox.manager.list({ userId: 'alice' });
    expect(currentIpAddress(session!)).toBe('192.0.2.7');
  });

  it('makes the session usable only at the new address', async () => {
    await ox.arrange({ router: { trustedClients: ['127.0.0.1', '192.0.2.0/24'] } });
    const client = await ox.signedIn();
    const use = (address: string) =>
      client.send('GET', `/ajax/config/gui?session=${client.session}`, '', FROM(address));
    expectError(await use('192.0.2.7'), 'SES-0205');
    await changed(client, '192.0.2.7');
    expect(json(await use('192.0.2.7'))).toEqual({ data: 'alice' });
    expectError(await client.use(), 'SES-0205');
  });

  it('is refused if the request comes from an address that may not use the session', async () => {
    await ox.arrange({ router: { trustedClients: ['127.0.0.1', '192.0.2.0/24'] } });
    const client = await ox.signedIn();
    const thief = ox.client(FIREFOX, UI, client.jar);
    thief.session = client.session;
    expectError(await changed(thief, '192.0.2.7', FROM('192.0.2.7')), 'SES-0205');
    expect(json(await client.use())).toEqual({ data: 'alice' });
  });

  it.each([
    ['', 'SVL-0002', ['session']],
    ['&session=&clientIP=192.0.2.7', 'SVL-0002', ['session']],
    ['&session=ID', 'SVL-0002', ['clientIP']],
    ['&session=ID&clientIP=', 'SVL-0002', ['clientIP']],
    ['&session=ID&clientIP=nonsense', 'SVL-0004', ['clientIP']],
    ['&session=ID&clientIP=192.0.2.0/24', 'SVL-0004', ['clientIP']],
    [`&session=${'0'.repeat(32)}&clientIP=192.0.2.7`, 'SES-0203', ['0'.repeat(32)]],
    ['&session=x&clientIP=192.0.2.7', 'SES-0203', ['<invalid_sessionid>']],
  ])('is refused and changes nothing with %j', async (parameters, code, params) => {
    await ox.arrange({ router: TRUSTED });
    const client = await ox.signedIn();
    const target = `/ajax/login?action=changeip${parameters.replace('ID', client.session)}`;
    expectError(await client.send('GET', target), code, params);
    expect(await kept()).toEqual(['127.0.0.1']);
  });

  it.each<[string, NonNullable<Arrangement['router']>]>([
    ['by default', {}],
    ['at another address', { trustedClients: ['192.0.2.0/24', '::1'] }],
    ['if the function does not return true', { trustedClients: () => Promise.resolve(true) as never }],
  ])('is refused to clients that are not trusted: %s', async (_, router) => {
    await ox.arrange({ router });
    const client = await ox.signedIn();
    expectError(
      await changed(client, '192.0.2.7'),
      'LGI-0026',
      ['Only the clients in `trustedClients` may send `clientIP`.'],
      403,
    );
    expect(await kept()).toEqual(['127.0.0.1']);
  });

  it('is refused if the secret is missing or wrong', async () => {
    await ox.arrange({ router: TRUSTED });
    const [client, bob] = [await ox.signedIn(), await ox.signedIn('bob', CHROME)];
    bob.session = client.session;
    expectError(await changed(bob, '192.0.2.7'), 'SES-0203', [client.session]);
    const [name] = client.jar.keys();
    client.jar.set(name!, '0'.repeat(32));
    expectError(await changed(client, '192.0.2.7'), 'SES-0203', [client.session]);
  });

  it('wakes a hibernating session, as every use does', async () => {
    await ox.arrange({ router: TRUSTED });
    const client = await ox.signedIn();
    ox.clock.advance(2 * HOUR);
    await changed(client, '192.0.2.7');
    expect(await kept()).toEqual(['127.0.0.1', '192.0.2.7']);
  });
});
