import express from 'express';

import { sessionSecretGuard, signOut } from '../../../lib';
import { cookieRefresh } from '../../../lib/protocols/open-xchange';
import { Client, OpenXchangeApp } from '../../support/open-xchange';
import { DAY } from '../../support/sessions';
import { listenToWire, valuesOf } from '../../support/transcript';

const ox = new OpenXchangeApp();

describe('cookieRefresh', () => {
  it.each([
    ['if they are session cookies', { protocol: { cookieTtl: 'web-browser' } }, ''],
    ['of sessions without stay signed in', { options: { shortLifetime: '3D' } }, '&staySignedIn=false'],
    ['with autologin off', { options: { shortLifetime: '3D', autologin: false } }, ''],
  ])('does not send cookies again %s', async (_, arrangement, further) => {
    await ox.arrange(arrangement);
    const client = ox.client();
    await client.login('alice', further);
    ox.clock.advance(2 * DAY);
    const target = `/ajax/sessionmanagement?action=all&session=${client.session}`;
    const answer = await client.send('GET', target);
    expect([answer.status, valuesOf(answer, 'Set-Cookie')]).toEqual([200, []]);
  });

  it('sends cookies again on the routes of the app where it is mounted', async () => {
    await ox.arrange();
    const { manager, dialect } = ox;
    const app = express();
    app.use(sessionSecretGuard(manager, { dialect }), cookieRefresh(manager, { dialect }));
    app.get('/own', (_request, response) => {
      response.json({ data: 'own' });
    });
    const wire = await listenToWire(app);
    try {
      const client = await ox.signedIn();
      const own = new Client(wire, client.userAgent, client.client, client.jar);
      const cookies = async () =>
        valuesOf(await own.send('GET', `/own?session=${client.session}`), 'Set-Cookie');
      expect(await cookies()).toEqual([]);
      ox.clock.advance(DAY + 1);
      expect(await cookies()).toEqual([
        expect.stringContaining('; expires=Wed, 25-May-2011 13:28:59 GMT; path=/'),
      ]);
      expect(await cookies()).toEqual([]);
    } finally {
      await wire.close();
    }
  });

  it.each<[string, string | undefined, number, string]>([
    ['that the app marks as public', 'public, max-age=86400', 0, 'public, max-age=86400'],
    ['for shared caches', 's-maxage=60', 0, 's-maxage=60'],
    ['for the browser only', 'private, max-age=60', 1, 'private, max-age=60'],
    ['that says nothing about caches', undefined, 1, 'private'],
    ['that only has a lifetime', 'max-age=60', 1, 'max-age=60, private'],
  ])('keeps cookies out of shared caches, on a response %s', async (_, cacheControl, count, expected) => {
    await ox.arrange();
    const { manager, dialect } = ox;
    const app = express();
    app.use(sessionSecretGuard(manager, { dialect }), cookieRefresh(manager, { dialect }));
    app.get('/file', (_request, response) => {
      if (cacheControl === undefined) response.end();
      else response.writeHead(200, { 'Cache-Control': cacheControl }).end();
    });
    app.get('/own', (_request, response) => void response.end());
    const wire = await listenToWire(app);
    try {
      const client = await ox.signedIn();
      const own = new Client(wire, client.userAgent, client.client, client.jar);
      ox.clock.advance(DAY + 1);
      const answer = await own.send('GET', `/file?session=${client.session}`);
      expect(valuesOf(answer, 'Set-Cookie')).toHaveLength(count);
      expect(valuesOf(answer, 'Cache-Control')).toEqual([expected]);
      // Cookies that were not sent are still due.
      const next = await own.send('GET', `/own?session=${client.session}`);
      expect(valuesOf(next, 'Set-Cookie')).toHaveLength(1 - count);
    } finally {
      await wire.close();
    }
  });

  it('does not set cookies again that a route has cleared', async () => {
    await ox.arrange();
    const { manager, dialect } = ox;
    const app = express();
    app.use(sessionSecretGuard(manager, { dialect }), cookieRefresh(manager, { dialect }));
    app.post('/sign-out', signOut(manager, { dialect }));
    const wire = await listenToWire(app);
    try {
      const client = await ox.signedIn();
      const own = new Client(wire, client.userAgent, client.client, client.jar);
      ox.clock.advance(DAY + 1);
      await own.send('POST', `/sign-out?session=${client.session}`);
      expect(own.jar.size).toBe(0);
    } finally {
      await wire.close();
    }
  });

  it('does not send the cookies of another session again', async () => {
    await ox.arrange();
    const client = await ox.signedIn();
    await client.act('store');
    const [, name] = [...client.jar.keys()] as [string, string];
    client.jar.set(name, '0'.repeat(32));
    ox.clock.advance(2 * DAY);
    const target = `/ajax/sessionmanagement?action=all&session=${client.session}`;
    expect(valuesOf(await client.send('GET', target), 'Set-Cookie')).toHaveLength(1);
  });
});
