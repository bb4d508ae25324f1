import express4 from 'express4';
import express, { type Express } from 'express';
import request from 'supertest';

import { memory, revokeRoute, sessionSecretGuard, type IdentitySessionManager, type Opened } from '../../lib';
import { abp } from '../../lib/protocols/abp';
import { cookieOf } from '../support/credentials';
import { managerOn } from '../support/manager';

let manager: IdentitySessionManager;
let mine: Opened;

beforeEach(async () => {
  manager = managerOn({ store: memory() });
  mine = await manager.open({ userId: 'alice' });
  await manager.open({ userId: 'alice' });
});

/** Sends the request and checks that it ended no session. Returns the status and the text of the answer. */
async function ending(app: Express, path: string): Promise<[number, string]> {
  const { status, text } = await request(app).delete(path).set('Cookie', cookieOf(mine));
  expect((await manager.list({ userId: 'alice' })).sessions).toHaveLength(2);
  return [status, text];
}

const failure: express.ErrorRequestHandler = (error: Error, _request, response, _next) => {
  response.status(500).send(`${error.name}: ${error.message}`);
};

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('idParameter in %s', (_, framework) => {
  it.each(['rest', 'abp'])(
    'throws a TypeError with the correct line if the path has no :id, in %s',
    async (name) => {
      const dialect = name === 'abp' ? abp(manager.settings) : undefined;
      const app = framework();
      app.delete(
        ['/', '/:sessionId'],
        sessionSecretGuard(manager),
        revokeRoute(manager, { dialect }),
        failure,
      );
      for (const path of ['/', '/?id=', '/?current=true&current=false', `/${mine.session.sessionId}`]) {
        const [status, text] = await ending(app, path);
        expect(status).toBe(500);
        expect(text).toContain("write `app.delete('/sessions/:id', guard, revokeRoute(manager))`");
        expect(text).toMatch(/^TypeError/);
      }
    },
  );

  it('takes an id of a parent router for an id, and never for a missing one', async () => {
    const app = framework();
    const child = framework.Router({ mergeParams: true });
    child.delete('/sessions', sessionSecretGuard(manager), revokeRoute(manager));
    app.use('/users/:id', child);
    expect((await ending(app, '/users/alice/sessions'))[0]).toBe(404);
  });
});
