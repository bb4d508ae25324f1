import express, { type RequestHandler } from 'express';
import request from 'supertest';

import { beforeHeaders, isMarkedPublic, keepFromSharedCaches } from '../../lib/http/before-headers';

function appWith(act: RequestHandler, route: RequestHandler) {
  const app = express();
  app.get('/', (incoming, response, next) => {
    beforeHeaders(response, () => void act(incoming, response, next));
    next();
  });
  app.get('/', route);
  return app;
}

describe('beforeHeaders', () => {
  it.each<[string, RequestHandler]>([
    ['setHeader', (_request, response) => void response.set('X-App', '1').end()],
    [
      'writeHead with an object',
      (_request, response) => void response.writeHead(200, { 'X-App': '1' }).end(),
    ],
    ['writeHead with a list', (_request, response) => void response.writeHead(200, ['X-App', '1']).end()],
    [
      'writeHead with a message',
      (_request, response) => void response.writeHead(200, 'OK', { 'X-App': '1' }).end(),
    ],
  ])('sees and changes the headers that the app sets by %s', async (_, route) => {
    const seen: unknown[] = [];
    const app = appWith((_request, response) => {
      seen.push(response.getHeader('X-App'));
      response.setHeader('X-App', '2');
    }, route);
    expect((await request(app).get('/')).headers['x-app']).toBe('2');
    expect(seen).toEqual(['1']);
  });

  it('keeps headers that occur more than once', async () => {
    const cookies = ['a=1', 'b=2'];
    const flat = cookies.flatMap((cookie) => ['Set-Cookie', cookie]);
    for (const headers of [
      flat,
      ['Set-Cookie', cookies],
      [['Set-Cookie', cookies]],
      { 'Set-Cookie': cookies },
    ]) {
      const app = appWith(
        () => undefined,
        (_request, response) => void response.writeHead(200, headers as never).end(),
      );
      expect((await request(app).get('/')).get('Set-Cookie')).toEqual(cookies);
    }
  });
});

describe('the Cache-Control of a response with cookies', () => {
  it.each([
    [undefined, false, 'no-store'],
    ['public, max-age=86400', true, 'no-store'],
    ['max-age=5,S-MAXAGE=9', true, 'no-store'],
    ['publication', false, 'publication, no-store'],
    ['s-maxage=9', true, 'no-store'],
    ['max-age=60', false, 'max-age=60, no-store'],
    ['private, max-age=60', false, 'private, max-age=60'],
    ['No-Store', false, 'No-Store'],
    ['private="X-Secret"', false, 'private="X-Secret", no-store'],
  ])('%p is public: %s, and becomes %s', async (given, isPublic, expected) => {
    let seen: unknown;
    const app = appWith(
      (_request, response) => {
        seen = isMarkedPublic(response);
        keepFromSharedCaches(response, 'no-store');
      },
      (_request, response) =>
        void (given === undefined ? response : response.set('Cache-Control', given)).end(),
    );
    const { headers } = await request(app).get('/');
    expect([seen, headers['cache-control']]).toEqual([isPublic, expected]);
  });

  it.each([
    ['CDN-Cache-Control', 'max-age=60', true],
    ['Example-CDN-Cache-Control', 'public', true],
    ['Surrogate-Control', 'max-age=60', true],
    ['Surrogate-Control', 'no-store', false],
    ['X-Cache-Control', 'public', false],
  ])('has %s: %s beside it, so that it is public: %s', async (name, value, isPublic) => {
    let seen: unknown;
    const app = appWith(
      (_request, response) => {
        seen = isMarkedPublic(response);
        keepFromSharedCaches(response, 'no-store');
      },
      (_request, response) => void response.set(name, value).end(),
    );
    const { headers } = await request(app).get('/');
    expect([seen, headers['cache-control']]).toEqual([isPublic, 'no-store']);
    expect(name.toLowerCase() in headers).toBe(name.startsWith('X-'));
  });
});
