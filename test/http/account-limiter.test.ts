import express, { type Express } from 'express';
import request from 'supertest';

import { memory, rest } from '../../lib';
import { accountLimiter, type NameOf } from '../../lib/http/account-limiter';
import { AccountLimit } from '../../lib/manager/account-limit';
import type { SignInAttempts } from '../../lib/store/attempts';
import { memoryAttempts } from '../../lib/store/memory-attempts';
import { FakeClock } from '../support/clock';
import { managerOn } from '../support/manager';

/** An app that refuses every attempt. */
function appWith(nameOf: NameOf, attempts: SignInAttempts = memoryAttempts()): Express {
  const settings = { clock: new FakeClock(), report: () => undefined };
  const limit = new AccountLimit(attempts, () => ['the key'], settings);
  const dialect = rest(managerOn({ store: memory() }).settings);
  const app = express();
  app.post('/', accountLimiter(limit, { dialect, nameOf, addressOf: ({ ip }) => ip }), (_, response) => {
    response.sendStatus(401);
  });
  return app;
}

async function statuses(app: Express, times: number): Promise<Set<number>> {
  const all = new Set<number>();
  for (let i = 0; i < times; i++) all.add((await request(app).post('/')).status);
  return all;
}

describe('accountLimiter', () => {
  it('refuses further attempts on the account after 20 failures, and says when to try again', async () => {
    const app = appWith(() => 'alice');
    expect(await statuses(app, 20)).toEqual(new Set([401]));
    const response = await request(app).post('/');
    expect(response.status).toBe(429);
    expect(response.get('Retry-After')).toBe('30');
    expect(response.body).toMatchObject({
      code: 'too-many-requests',
      detail: expect.stringContaining('account'),
    });
  });

  it.each<[unknown]>([[undefined], [null], [''], [42], [{ $ne: '' }], [['alice']]])(
    'does not limit requests whose name is %j',
    async (name) => {
      const app = appWith((() => name) as NameOf);
      expect(await statuses(app, 22)).toEqual(new Set([401]));
    },
  );

  it('passes an error of the function of the app to the error handlers', async () => {
    const app = appWith(() => {
      throw Object.assign(new Error('no body parser'), { status: 418 });
    });
    expect(await statuses(app, 1)).toEqual(new Set([418]));
  });
});
