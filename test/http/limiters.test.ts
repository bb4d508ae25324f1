import { MemoryStore } from 'express-rate-limit';
import express from 'express';
import request from 'supertest';

import { memory, signInLimiter, type LimitOptions } from '../../lib';
import { managerOn } from '../support/manager';

function appWith(options: LimitOptions) {
  const app = express();
  app.set('trust proxy', 1);
  app.post('/sign-in', signInLimiter(managerOn({ store: memory() }), options), (request_, response) => {
    response.sendStatus(Number(request_.query['status'] ?? 401));
  });
  return app;
}

describe('signInLimiter', () => {
  const attempt = (app: express.Express, from = '192.0.2.1', query = '') =>
    request(app).post(`/sign-in${query}`).set('X-Forwarded-For', from);

  it('returns 429 with a problem document after an address reached the limit of failures', async () => {
    const app = appWith({ limit: 2 });
    for (let i = 0; i < 2; i++) expect((await attempt(app)).status).toBe(401);
    const response = await attempt(app);
    expect(response.status).toBe(429);
    expect(response.get('Content-Type')).toContain('application/problem+json');
    expect(response.body).toMatchObject({ code: 'too-many-requests', status: 429 });
    expect(Number(response.get('Retry-After'))).toBeGreaterThan(0);
    expect((await attempt(app, '198.51.100.7')).status).toBe(401);
  });

  it('does not count successful sign-ins', async () => {
    const app = appWith({ limit: 2 });
    for (let i = 0; i < 5; i++) expect((await attempt(app, '192.0.2.1', '?status=200')).status).toBe(200);
  });

  it('does not count 5xx responses as failures', async () => {
    const app = appWith({ limit: 2 });
    for (const status of [500, 503, 503, 504]) {
      expect((await attempt(app, '192.0.2.1', `?status=${status}`)).status).toBe(status);
    }
    for (let i = 0; i < 2; i++) expect((await attempt(app)).status).toBe(401);
    expect((await attempt(app)).status).toBe(429);
  });

  it('counts in the given store by the given key', async () => {
    const store = new MemoryStore();
    const app = appWith({ limit: 1, store, keyGenerator: () => 'everybody' });
    await attempt(app);
    expect((await attempt(app, '198.51.100.7')).status).toBe(429);
    expect(await store.get('everybody')).toMatchObject({ totalHits: 2 });
  });

  it.each([
    [true, 'EIS_PERMISSIVE_TRUST_PROXY'],
    [false, 'EIS_UNSET_TRUST_PROXY'],
  ])('warns once if `trust proxy` is %j behind a proxy', async (setting, code) => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const app = appWith({});
    app.set('trust proxy', setting);
    for (let i = 0; i < 2; i++) await attempt(app);
    expect(warn.mock.calls).toEqual([[expect.stringContaining('the number of proxies'), { code }]]);
  });
});
