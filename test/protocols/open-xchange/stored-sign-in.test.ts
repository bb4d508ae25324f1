import { protocolDataOf, storedSignIn } from '../../../lib/protocols/open-xchange/stored-sign-in';
import { aSession } from '../../support/sessions';
import { CHROME, FIREFOX, json, OpenXchangeApp, UI } from '../../support/open-xchange';

const ox = new OpenXchangeApp();

describe('the data that is stored at a sign-in', () => {
  it('is read from the session', () => {
    const facts = { hash: 'h', user: 'alice', userNumber: 3, locale: 'de_DE' };
    expect(storedSignIn(aSession(0, { protocolData: protocolDataOf(facts) }))).toEqual(facts);
  });

  it('is kept when the app changes its own data of the session', async () => {
    await ox.arrange({ protocol: { cookieHash: 'remember' }, router: { trustedClients: '127.0.0.1' } });
    const client = ox.client(CHROME);
    await client.login('anton', `&clientUserAgent=${encodeURIComponent(FIREFOX)}`);
    await client.act('store');
    await ox.manager.update(client.session, { extraProperties: { theme: 'dark' } });
    expect(json(await client.use())).toEqual({ data: 'anton' });
    const firefox = ox.client(FIREFOX, UI, client.jar);
    expect(json(await firefox.autologin())).toMatchObject({ user: 'anton', user_id: 3, locale: 'de_DE' });
  });

  it.each([{}, { 'open-xchange': null }, { 'open-xchange': 'h' }])(
    'is empty for the protocol data %j',
    (protocolData) => {
      expect(storedSignIn(aSession(0, { protocolData: protocolData as never }))).not.toHaveProperty('hash');
    },
  );
});
