import express from 'express';
import request from 'supertest';

import { beforeEnd } from '../../lib/express-session/before-end';

const log: string[] = [];

function appWith(act: () => Promise<void> | undefined): express.Express {
  const app = express();
  app.use((_request, response, next) => {
    beforeEnd(response, act, (error) => {
      log.push(String(error));
      response.status(503).end('failed');
    });
    next();
  });
  app.get('/', (_request, response) => void response.set('X-App', '1').location('/home').send('app'));
  app.get('/stream', (_request, response) => {
    response.write('first ');
    response.end('last');
  });
  return app;
}

beforeEach(() => log.splice(0));

describe('beforeEnd', () => {
  it('ends the response after the promise is fulfilled, or at once without a promise', async () => {
    const acted = appWith(() => Promise.resolve().then(() => void log.push('acted')));
    expect((await request(acted).get('/')).text).toBe('app');
    expect(log).toEqual(['acted']);
    expect((await request(appWith(() => undefined)).get('/')).text).toBe('app');
  });

  it.each<[string, () => Promise<void>]>([
    ['rejects', () => Promise.reject(new Error('down'))],
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
  ])(
    'answers in place of the app, without the headers of its body, if the function %s',
    async (_title, act) => {
      const { status, text, headers } = await request(appWith(act)).get('/');
      expect([status, text, headers['location'], headers['x-app']]).toEqual([503, 'failed', undefined, '1']);
      expect(headers['content-length']).not.toBe('3');
      expect(log).toEqual(['Error: down']);
    },
  );

  it('completes a response that has already started', async () => {
    const { text } = await request(appWith(() => Promise.reject(new Error('down')))).get('/stream');
    expect(text).toBe('first last');
    expect(log).toEqual([]);
  });
});
