import express from 'express';
import request from 'supertest';

import { acceptClientHints, createIdentitySessionManager, createSignIn, memory, restRouter } from '../../lib';

const HINTS = 'Sec-CH-UA-Platform-Version, Sec-CH-UA-Model, Sec-CH-UA-Full-Version-List';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36';

describe('acceptClientHints', () => {
  it('asks for hints in addition to those that the app asks for', async () => {
    const app = express();
    app.use((_request, response, next) => {
      response.setHeader('Accept-CH', 'Sec-CH-DPR');
      next();
    });
    app.get('/sign-in', acceptClientHints(), (_request, response) => {
      response.send('page');
    });
    const { headers } = await request(app).get('/sign-in').expect(200);
    expect(headers['accept-ch']).toBe(`Sec-CH-DPR, ${HINTS}`);
    expect(headers).not.toHaveProperty('critical-ch');
  });

  it('marks the hints as critical if the option is set', async () => {
    const app = express();
    app.get('/sign-in', acceptClientHints({ critical: true }), (_request, response) => {
      response.send('page');
    });
    const { headers } = await request(app).get('/sign-in').expect(200);
    expect([headers['accept-ch'], headers['critical-ch']]).toEqual([HINTS, HINTS]);
  });

  it('throws a TypeError for an unknown option', () => {
    expect(() => acceptClientHints({ criticl: true } as never)).toThrow(/acceptClientHints cannot be built/);
  });

  it('lets a sign-in store the hints, which the list then shows', async () => {
    const manager = createIdentitySessionManager({ store: memory(), location: false });
    const signIn = createSignIn(manager);
    const app = express();
    app.post('/sign-in', async (req, res) => {
      await signIn(req, res, { userId: 'alice' });
      res.end();
    });
    app.use(restRouter(manager));

    const signedIn = await request(app)
      .post('/sign-in')
      .set('User-Agent', CHROME)
      .set('Sec-CH-UA', '"Chromium";v="138", "Google Chrome";v="138", "Not)A;Brand";v="8"')
      .set('Sec-CH-UA-Mobile', '?0')
      .set('Sec-CH-UA-Platform', '"Windows"')
      .set('Sec-CH-UA-Platform-Version', '"15.0.0"')
      .expect(200);
    const cookie = signedIn.get('Set-Cookie')![0]!.split(';')[0]!;
    const { body } = await request(app).get('/session').set('Cookie', cookie).expect(200);
    expect(body).toMatchObject({
      session: {
        device: {
          displayName: 'Chrome 138 on Windows 11',
          os: { name: 'windows', version: '11' },
          type: 'browser',
        },
      },
    });
    const { sessions } = await manager.list({ userId: 'alice' });
    expect(sessions[0]).toMatchObject({
      deviceInfo: 'Chrome 138 on Windows 11',
      clientHints: {
        platform: 'Windows',
        platformVersion: '15.0.0',
        mobile: false,
        brands: [{ name: 'Google Chrome', version: '138' }],
      },
    });
    await manager.close();
  });
});
