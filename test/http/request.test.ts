import express4 from 'express4';
import express, { type RequestHandler } from 'express';
import request from 'supertest';

import {
  autologin,
  createSignIn,
  currentSession,
  memory,
  rest,
  restRouter,
  revokeRoute,
  sameOrigin,
  sessionClaimGuard,
  sessionErrors,
  sessionLookup,
  sessionSecretGuard,
  signInLimiter,
  signOut,
  upgradeGuard,
} from '../../lib';
import { abpRouter } from '../../lib/protocols/abp';
import { cookieRefresh, openXchangeRouter } from '../../lib/protocols/open-xchange';
import { cookieOf } from '../support/credentials';
import { GatedStore } from '../support/gate';
import { managerOn } from '../support/manager';
import { appOn } from '../support/app';
import type * as Package from '../../lib';
import { VERSION } from '../../lib/version';

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

async function answerTo(handler: RequestHandler, Cookie = '', framework = express): Promise<string> {
  return (await responseTo(handler, Cookie, framework)).text;
}

function responseTo(handler: RequestHandler, Cookie = '', framework = express): request.Test {
  const app = framework();
  app.get('/', handler);
  app.use((error: Error, _: unknown, response: express.Response, __: unknown) => {
    response.status(500).send(`${error.name}: ${error.message}`);
  });
  return request(app).get('/').set({ Cookie });
}

describe.each(Object.entries(verbs))('%s', (name, verb) => {
  it('throws a TypeError with the correct line if it is built without a manager', () => {
    expect(() => verb({} as never)).toThrow(TypeError);
    expect(() => verb({} as never)).toThrow(`write \`${name}(manager)\``);
  });
});

/** Verbs that cannot be built without options. */
const withRequiredOptions = { abpRouter, cookieRefresh, openXchangeRouter, sessionClaimGuard, upgradeGuard };

describe.each(Object.entries({ ...verbs, ...withRequiredOptions }))('%s', (name, verb) => {
  const build = (options: unknown) => () => verb(managerOn({ store: memory() }), options as never);

  it('throws a TypeError for a misspelt option and suggests the right name', () => {
    expect(build({ Dialect: undefined })).toThrow(TypeError);
    expect(build({ Dialect: undefined })).toThrow(
      `${name} cannot be built:\n- there is no option \`Dialect\`, did you mean \`dialect\`?`,
    );
  });

  it('throws a TypeError if the options are not an object', () => {
    expect(build('rest')).toThrow(
      `${name} cannot be built:\n- the options are "rest": they must be an object`,
    );
  });
});

describe.each([
  ['sessionSecretGuard', sessionSecretGuard, { activty: false }, 'activty'],
  ['sessionClaimGuard', sessionClaimGuard, { claimsOf: () => null, activty: false }, 'activty'],
  ['upgradeGuard', upgradeGuard, { app: {}, webSockets: {}, activity: false }, 'activity'],
  ['signInLimiter', signInLimiter, { max: 5 }, 'max'],
  ['restRouter', restRouter, { limit: 1 }, 'limit'],
  ['restRouter', restRouter, { limits: { revok: false } }, 'limits.revok'],
  ['restRouter', restRouter, { limits: { revoke: { max: 1 } } }, 'limits.revoke.max'],
  ['abpRouter', abpRouter, { isGranted: () => true, limits: { delete: {} } }, 'limits.delete'],
  ['abpRouter', abpRouter, { isGranted: () => true, limits: { revoke: { max: 1 } } }, 'limits.revoke.max'],
  ['openXchangeRouter', openXchangeRouter, { authenticate() {}, limits: { revoke: {} } }, 'limits.revoke'],
  [
    'openXchangeRouter',
    openXchangeRouter,
    { authenticate() {}, limits: { login: { max: 1 } } },
    'limits.login.max',
  ],
])('%s', (name, verb, options, unknown) => {
  it(`throws a TypeError for the unknown option ${unknown}`, () => {
    const build = () => verb(managerOn({ store: memory() }), options as never);
    expect(build).toThrow(`${name} cannot be built:\n- there is no option \`${unknown}\``);
  });
});

describe('a manager of another copy of the package', () => {
  function otherCopy(version = VERSION): typeof Package {
    let copy!: typeof Package;
    jest.isolateModules(() => {
      jest.doMock('../../lib/version', () => ({ VERSION: version }));
      copy = jest.requireActual('../../lib');
    });
    jest.dontMock('../../lib/version');
    return copy;
  }

  it('works with the verbs of this copy, which also answer its refusals', async () => {
    const other = otherCopy();
    expect(other.sessionSecretGuard).not.toBe(sessionSecretGuard);
    const manager = other.createIdentitySessionManager({ store: memory() });
    const app = appOn(manager);
    const response = await request(app).post('/sign-in').send({ userId: 'alice' }).expect(200);
    const cookie = response.get('Set-Cookie')![0]!.split(';')[0]!;
    await request(app).get('/private').set('Cookie', cookie).expect(200);
    await manager.onCredentialChange('alice');
    const refused = await request(app).get('/private').set('Cookie', cookie).expect(401);
    expect(refused.body).toMatchObject({ code: 'session-ended', reason: 'credential-changed' });
  });

  it('is rejected with a TypeError that names both versions if the versions differ', () => {
    const manager = otherCopy('9.9.9').createIdentitySessionManager({ store: memory() });
    expect(() => sessionSecretGuard(manager)).toThrow(
      `sessionSecretGuard of express-identity-sessions ${VERSION} was called with a manager of version 9.9.9`,
    );
  });
});

describe('a verb that is mounted without a call', () => {
  it('passes a TypeError with the fix to the error handler of the app', async () => {
    const answer = await answerTo(sessionSecretGuard as unknown as RequestHandler);
    expect(answer).toContain('TypeError: sessionSecretGuard needs the manager');
  });
});

describe.each(Object.entries({ sessionLookup, currentSession, revokeRoute }))(
  '%s without a guard before it',
  (name, verb) => {
    it('passes a TypeError with the correct line to the error handler of the app', async () => {
      const answer = await answerTo(verb(managerOn({ store: memory() })));
      expect(answer).toContain(`app.use(sessionSecretGuard(manager), ${name}(manager))`);
    });
  },
);

describe('an error of the store that is not a SessionError', () => {
  it('is passed to the error handler of the app', async () => {
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
      .set('Cookie', `__Host-Http-identity=${'0'.repeat(32)}.${'A'.repeat(43)}`);
    expect([response.status, response.text]).toEqual([500, 'a bug']);
  });
});

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('an answer that cannot be sent, in %s', (_, framework) => {
  const unsendable = () => ({ status: 200, headers: { 'X-Name': 'two\nlines' }, cookies: [] });

  it.each(['revoked', 'refusal'])('is passed to the error handler of the app: %s', async (answer) => {
    const manager = managerOn({ store: memory() });
    const dialect = { ...rest(manager.settings), [answer]: unsendable };
    const Cookie = answer === 'revoked' ? '' : '__Host-Http-identity=a; __Host-Http-identity=b';
    const sent = await answerTo(signOut(manager, { dialect }), Cookie, framework);
    expect(sent).toBe('TypeError: Invalid character in header content ["X-Name"]');
  });

  it('leaves no headers and cookies on the response if its body cannot be serialized', async () => {
    const manager = managerOn({ store: memory() });
    const answer = { status: 200, headers: { 'X-Name': 'one' }, cookies: ['a=b'], body: { quota: 5n } };
    const dialect = { ...rest(manager.settings), revoked: () => answer };
    const response = await responseTo(signOut(manager, { dialect }), '', framework);
    expect([response.status, response.text]).toEqual([500, expect.stringMatching(/^TypeError: .*BigInt/)]);
    expect(response.headers).not.toHaveProperty('x-name');
    expect(response.get('Set-Cookie')).toBeUndefined();
  });
});

describe('a handler behind a guard that had to wait for the database', () => {
  const manager = managerOn({ store: new GatedStore(memory()).store });
  const guards = {
    sessionSecretGuard: sessionSecretGuard(manager),
    sessionClaimGuard: sessionClaimGuard(manager, {
      claimsOf: ({ headers }) => ({ sid: headers.cookie?.split(/[=.]/)[1] }),
    }),
  };

  it.each(Object.entries(guards))(
    'passes its errors to the error handler of the app: %s',
    async (_, guard) => {
      const opened = await manager.open({ userId: 'alice' });
      const within: RequestHandler = (request_, response, next) => {
        void guard(request_, response, (error?: unknown) => {
          if (error !== undefined) next(error);
          else throw new Error(`a bug, for ${request_.identitySession?.userId}`);
        });
      };
      expect(await answerTo(within, cookieOf(opened))).toBe('Error: a bug, for alice');
    },
  );
});
