import express4 from 'express4';
import express, { type ErrorRequestHandler } from 'express';
import request from 'supertest';

import { rest } from '../../lib';
import { translationsOf } from '../../lib/session/i18n';
import { bodyParseErrors, pathDecodeErrors } from '../../lib/http/parse-errors';

const dialect = rest({
  cookies: { name: 'identity', ttl: 1000, secure: true, sameSite: 'lax', partitioned: false },
  translations: translationsOf(),
});

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('bodyParseErrors and pathDecodeErrors in %s', (_, framework) => {
  const theApps: ErrorRequestHandler = (error: Error, _request, response, _next) => {
    response.status(500).send(error.message);
  };
  const app = framework();
  const body = framework.Router().use(framework.json({ limit: 100 }), bodyParseErrors(dialect));
  app.put('/things/:id', body, (_request, response) => {
    response.sendStatus(204);
  });
  app.get('/fails', () => {
    throw Object.assign(new Error('Not ours.'), { status: 401 });
  });
  app.get('/breaks', body, () => {
    throw Object.assign(new Error('Not ours.'), { type: 'entity.parse.failed', status: 400 });
  });
  app.use(pathDecodeErrors(dialect), theApps);
  const put = (path = '/things/1') => request(app).put(path);

  it.each([
    ['malformed JSON', () => put().type('json').send('{')],
    ['JSON that is not an object', () => put().type('json').send('5')],
    [
      'a body above the size limit',
      () =>
        put()
          .type('json')
          .send({ a: 'x'.repeat(200) }),
    ],
    ['an unknown charset', () => put().type('application/json; charset=klingon').send('{}')],
    ['an unknown content encoding', () => put().type('json').set('Content-Encoding', 'zip').send('{}')],
    [
      'a body that does not match its content encoding',
      () => put().type('json').set('Content-Encoding', 'gzip').send('{}'),
    ],
    ['a path that cannot be decoded', () => put('/things/%zz')],
  ])('return 400 with code invalid-request for %s', async (__, ask) => {
    const response = await ask();
    expect(response.status).toBe(400);
    expect(response.body).toMatchObject({
      code: 'invalid-request',
      detail: expect.stringContaining('cannot be read'),
    });
  });

  it.each(['/fails', '/breaks'])("pass the app's own errors on to the app: %s", async (path) => {
    const response = await request(app).get(path);
    expect([response.status, response.text]).toEqual([500, 'Not ours.']);
  });
});
