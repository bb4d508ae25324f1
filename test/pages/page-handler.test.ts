import express from 'express';
import request from 'supertest';

import { memory, rest, SessionError } from '../../lib';
import { plainRefusal } from '../../lib/errors';
import { pageHandler, seeOther } from '../../lib/pages/page-handler';
import { settingsOf } from '../../lib/options/settings';

const dialect = rest(settingsOf({ store: memory() }));

function appThat(fails: Error | undefined): express.Express {
  const router = express.Router();
  router.get(
    '/',
    pageHandler(dialect, async (_request, response) => {
      if (fails === undefined) seeOther(response, '/next', 'ended', { count: '2' });
      else throw fails;
    }),
  );
  const app = express().use('/pages', router);
  app.use(((error: unknown, _request, response, _next) => {
    response.status(500).json(String(error));
  }) as express.ErrorRequestHandler);
  return app;
}

describe('pageHandler', () => {
  it('sends what the function sends', async () => {
    const { status, headers } = await request(appThat(undefined)).get('/pages');
    expect([status, headers['location']]).toEqual([303, '/next?notice=ended&count=2']);
  });

  it('leads a browser to the first page if a session was not found, and tells a program', async () => {
    const app = appThat(plainRefusal('session-not-found'));
    const browser = await request(app).get('/pages').set('Accept', 'text/html');
    expect(browser.headers['location']).toBe('/pages?notice=session-not-found');
    expect((await request(app).get('/pages')).status).toBe(404);
  });

  it('answers other refusals in the form of the dialect, and passes other errors on', async () => {
    const away = new SessionError('store-unavailable', 'Not now.');
    expect((await request(appThat(away)).get('/pages').set('Accept', 'text/html')).status).toBe(503);
    expect((await request(appThat(new Error('broken'))).get('/pages')).body).toBe('Error: broken');
  });
});
