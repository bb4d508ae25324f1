import express, { type RequestHandler } from 'express';
import request from 'supertest';

import {
  autologin,
  createSignIn,
  currentSession,
  memory,
  restRouter,
  revokeRoute,
  sameOrigin,
  sessionErrors,
  sessionLookup,
  sessionSecretGuard,
  signInLimiter,
  signOut,
} from '../../lib';
import { managerOn } from '../support/manager';

const verbs = {
  autologin,
  createSignIn,
  currentSession,
  restRouter,
  revokeRoute,
  sameOrigin,
  sessionErrors,
  sessionLookup,
  sessionSecretGuard,
  signInLimiter,
  signOut,
};

async function answerTo(handler: RequestHandler): Promise<string> {
  const app = express();
  app.get('/', handler);
  app.use((error: Error, _: unknown, response: express.Response, __: unknown) => {
    response.status(500).send(`${error.name}: ${error.message}`);
  });
  return (await request(app).get('/')).text;
}

describe.each(Object.entries(verbs))('%s', (name, verb) => {
  it('needs a manager when it is built, and prints the right line', () => {
    expect(() => verb({} as never)).toThrow(TypeError);
    expect(() => verb({} as never)).toThrow(`write \`${name}(manager)\``);
  });
});

describe('a verb that is mounted without being built', () => {
  it('is recognised', async () => {
    const answer = await answerTo(sessionSecretGuard as unknown as RequestHandler);
    expect(answer).toContain('TypeError: sessionSecretGuard needs the manager');
  });
});

describe.each(Object.entries({ sessionLookup, currentSession, revokeRoute }))(
  '%s without a guard',
  (name, verb) => {
    it('says what to mount before it', async () => {
      const answer = await answerTo(verb(managerOn({ store: memory() })));
      expect(answer).toContain(`app.use(sessionSecretGuard(manager), ${name}(manager))`);
    });
  },
);

describe('an error that is no refusal', () => {
  it('goes to the error handler of the app', async () => {
    const store = memory();
    store.find = () => {
      throw new Error('a bug');
    };
    const guard = sessionSecretGuard(managerOn({ store }));
    const app = express();
    app.use(guard);
    app.use((error: Error, _: unknown, response: express.Response, __: unknown) => {
      response.status(500).send(error.message);
    });
    const response = await request(app)
      .get('/')
      .set('Cookie', `__Host-identity=${'0'.repeat(32)}.${'A'.repeat(43)}`);
    expect([response.status, response.text]).toEqual([500, 'a bug']);
  });
});
