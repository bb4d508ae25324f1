import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import session, { MemoryStore, type Store } from 'express-session';
import request from 'supertest';

import { sessionErrors, sessionLookup, revokeRoute, signOut, type IdentitySessionManager } from '../../lib';
import { trackExpressSession, type TrackOptions } from '../../lib/express-session';

declare module 'express-session' {
  interface SessionData {
    userId: string;
    visits: number;
  }
}

export interface HostOptions extends Partial<TrackOptions> {
  readonly framework?: typeof express;
  readonly store?: Store;
  readonly before?: readonly RequestHandler[];
  /** False for the version of the app that knows nothing of this package. */
  readonly tracked?: boolean;
}

type Act = (request: Request, done: (error?: unknown) => void) => void;

function userIn({ query }: Request): string {
  return typeof query['user'] === 'string' ? query['user'] : 'alice';
}

/** The actions of the routes on express-session, by the name of the route. */
const ACTS: Readonly<Record<string, Act>> = {
  'sign-in': (request, done) =>
    void request.session.regenerate((error) => {
      request.session.userId = userIn(request);
      done(error);
    }),
  'sign-in-here': (request, done) => {
    request.session.userId = userIn(request);
    done();
  },
  regenerate: (request, done) => {
    const { userId } = request.session;
    request.session.regenerate((error) => {
      request.session.userId = userId!;
      done(error);
    });
  },
  'sign-out': (request, done) => void request.session.destroy(done),
  'sign-out-anew': (request, done) => void request.session.regenerate(done),
  'sign-out-here': (request, done) => {
    delete (request.session as { userId?: string }).userId;
    done();
  },
  visit: (request, done) => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    done();
  },
};

/** An app as hosts write it: express-session keeps who is signed in, and this package keeps the sessions of its users. */
export function hostOn(manager: IdentitySessionManager, options: HostOptions = {}): Express {
  const { framework = express, store = new MemoryStore(), before = [], tracked = true, ...given } = options;
  const app = framework();
  app.use(session({ secret: 'x', resave: false, saveUninitialized: false, store }));
  const track = { userOf: (each: Request) => each.session.userId, ...given };
  if (tracked) app.use(trackExpressSession(manager, track));
  for (const handler of before) app.use(handler);

  for (const [name, act] of Object.entries(ACTS)) {
    app.post(`/${name}`, (req, response, next) => {
      act(req, (error) =>
        error === undefined || error === null ? void response.sendStatus(204) : next(error),
      );
    });
  }
  app.get('/', (req, response) => {
    const { sessionId = null, userId = null } = req.identitySession ?? {};
    response.json({ theirs: req.session.userId ?? null, userId, sessionId });
  });
  if (tracked) {
    app.get('/sessions', sessionLookup(manager));
    app.delete('/sessions/:id', revokeRoute(manager));
    app.delete('/session', signOut(manager));
    app.use(sessionErrors(manager));
  }
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    response.status(500).json({ failed: String(error) });
  });
  return app;
}

/** A browser: it keeps the cookie of express-session. */
export type Browser = ReturnType<typeof request.agent>;

export function browserOf(app: Express): Browser {
  return request.agent(app);
}

/** Signs in without a browser, and returns the cookie of express-session. */
export async function signedInCookie(app: Express, user = 'alice'): Promise<string> {
  const response = await request(app).post(`/sign-in?user=${user}`);
  return String(response.get('Set-Cookie')?.[0]).split(';')[0]!;
}

export async function signedIn(app: Express, user = 'alice'): Promise<Browser> {
  const browser = browserOf(app);
  const { status } = await browser.post(`/sign-in?user=${user}`);
  if (status !== 204) throw new Error(`The sign-in returned ${status}`);
  return browser;
}
