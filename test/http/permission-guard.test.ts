import express, { type Request } from 'express';
import request from 'supertest';

import { SessionError, type SessionEvent } from '../../lib';
import { rest } from '../../lib/http/rest';
import { permissionGuard } from '../../lib/http/permission-guard';
import { settingsOf } from '../../lib/options/settings';
import { memory } from '../../lib';

const events: SessionEvent[] = [];
const dialect = rest(settingsOf({ store: memory() }));

function get(isGranted: (request: Request) => unknown): request.Test {
  const app = express();
  const guard = permissionGuard(dialect, isGranted as () => boolean, (event) => void events.push(event));
  app.get('/', guard, (_request, response) => void response.json('done'));
  return request(app).get('/');
}

beforeEach(() => void events.splice(0));

describe('permissionGuard', () => {
  it.each([() => true, async () => true])(
    'passes the request on if the app returns %s',
    async (isGranted) => {
      expect((await get(isGranted)).status).toBe(200);
    },
  );

  it.each([() => false, () => undefined, () => 'true', async () => 1])(
    'returns 403 if the app returns anything else: %s',
    async (isGranted) => {
      const { status, body } = await get(isGranted);
      expect([status, body.code]).toEqual([403, 'permission-missing']);
    },
  );

  it('returns 403 and reports the error if the app throws', async () => {
    const error = new Error('permissions are away');
    expect((await get(() => Promise.reject(error))).status).toBe(403);
    expect(events).toEqual([{ type: 'failed', task: 'permission', error }]);
  });

  it('answers a refusal that the app throws', async () => {
    const away = new SessionError('store-unavailable', 'Not now.', { retryAfter: 1 });
    expect((await get(() => Promise.reject(away))).status).toBe(503);
  });
});
