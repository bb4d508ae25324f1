import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import request from 'supertest';

import {
  autologin,
  createSignIn,
  rest,
  type Dialect,
  type IdentitySessionManager,
  type Opened,
} from '../../lib';
import { cookieOf } from '../support/credentials';
import { createDatabase, type TestDatabase } from '../support/database';
import { until } from '../support/gate';
import { managerOn } from '../support/manager';

let database: TestDatabase;
let manager: IdentitySessionManager;
let app: Express;
let previous: Opened;
let failure: unknown;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.empty();
  manager = managerOn({ knex: database.knex });
  app = express();
  failure = undefined;
  previous = await manager.open({ userId: 'alice' });
});
afterEach(() => manager.close());
afterAll(() => database.destroy());

/** An app whose sign-in route runs `before` first, and `during` while the session is opened. */
function use(
  before: (response: Response) => unknown,
  during: (response: Response) => unknown,
  dialect?: Dialect,
): void {
  const signIn = createSignIn(manager, { dialect });
  const open = manager.open.bind(manager);
  app.post('/', async (request_: Request, response: Response) => {
    manager.open = async (facts) => {
      const opened = await open(facts);
      await during(response);
      return opened;
    };
    before(response);
    await signIn(request_, response, { userId: 'alice' }).catch((error: unknown) => (failure = error));
    response.end();
  });
}

const signingIn = () => request(app).post('/').set('Cookie', cookieOf(previous));
const live = async () => (await manager.list({ userId: 'alice' })).sessions.map(({ sessionId }) => sessionId);
const nothing = () => undefined;

describe('a sign-in', () => {
  it('throws a TypeError and changes nothing if the response has already started', async () => {
    use((response) => response.write('x'), nothing);
    await signingIn();
    expect(failure).toBeInstanceOf(TypeError);
    expect((failure as Error).message).toContain('sign in before the first write');
    expect(await live()).toEqual([previous.session.sessionId]);
  });

  it('ends the new session again if the response starts in the meantime', async () => {
    use(nothing, (response) => response.write('x'));
    const response = await signingIn();
    expect(response.get('Set-Cookie')).toBeUndefined();
    expect(failure).toBeInstanceOf(TypeError);
    expect((failure as Error).message).toContain('The new session was ended again.');
    expect(await live()).toEqual([]);
  });

  it('ends the new session again if the client closes the connection in the meantime', async () => {
    use(nothing, async (response) => {
      const closed = new Promise((resolve) => response.once('close', resolve));
      void pending.abort();
      await closed;
    });
    const pending = signingIn();
    pending.then(nothing, nothing);
    await until(() => failure !== undefined);
    expect((failure as Error).message).toBe(
      'The client closed the connection during the sign-in. The new session was ended again.',
    );
    expect(await live()).toEqual([]);
  });

  it('ends the new session again if the dialect cannot build the answer', async () => {
    const opened = () => {
      throw new Error('a bug in the dialect');
    };
    use(nothing, nothing, { ...rest(manager.settings), opened });
    await signingIn();
    expect(failure).toEqual(new Error('a bug in the dialect'));
    expect(await live()).toEqual([]);
  });
});

describe('autologin', () => {
  it('passes a TypeError on if the response has already started', async () => {
    const started: RequestHandler = (_request, response, next) => {
      response.write('x');
      next();
    };
    app.post('/', started, autologin(manager), ((error: unknown, _request, response, _next) => {
      failure = error;
      response.end();
    }) satisfies express.ErrorRequestHandler);
    await signingIn();
    expect(failure).toBeInstanceOf(TypeError);
  });
});
