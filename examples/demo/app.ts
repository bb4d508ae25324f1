import { join } from 'node:path';
import cookieParser from 'cookie-parser';
import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';

import {
  browserPages,
  createSignIn,
  prefersHtml,
  restRouter,
  returnPath,
  revokeRoute,
  sameOrigin,
  SessionError,
  sessionErrors,
  sessionOf,
  sessionSecretGuard,
  signInLimiter,
  signOut,
  type IdentitySessionManager,
  type SignInFacts,
} from '../../lib';
import { abpRoutes } from './abp';
import { authenticate, isAdministrator } from './accounts';
import { administration } from './administration';
import { openXchangeRoutes } from './open-xchange';
import { notice } from './pages/notices';
import { problemPage } from './pages/problem';
import { profilePage } from './pages/profile';
import { sessionsPage } from './pages/sessions';
import { signInPage } from './pages/sign-in';

/**
 * Creates an app with accounts. It has a page where users see and end their sessions, a profile page for signed-in users,
 * and a page for administrators. Clients of Open-Xchange and ABP front ends can use the same accounts and sessions.
 */
export function createApp({ manager }: { manager: IdentitySessionManager }): Express {
  const dialect = browserPages(manager.settings, {
    signIn: '/sign-in',
    problem: ({ message }) => problemPage('That did not work', message),
  });
  const guard = sessionSecretGuard(manager, { dialect });

  const app = express();
  app.disable('x-powered-by');
  app.use(express.static(join(__dirname, 'public')));
  app.use(['/ajax', '/appsuite/api'], openXchangeRoutes(manager));
  app.use(pageHeaders);
  app.use(cookieParser());

  app.get('/sign-in', showSignIn);
  app.post(
    '/sign-in',
    sameOrigin(manager, { dialect }),
    express.urlencoded({ extended: false }),
    express.json(),
    signInLimiter(manager, { dialect, nameOf: (request) => signInForm(request).name }),
    signInWithPassword(manager),
  );
  app.post('/sign-out', signOut(manager, { dialect }));

  app.get('/', guard, showSessions(manager));
  app.post('/sessions/others/end', guard, revokeRoute(manager, { dialect, which: 'others' }));
  app.post('/sessions/:id/end', guard, revokeRoute(manager, { dialect }));

  app.get('/profile', guard, showProfile);
  app.use('/admin', guard, administration(manager));

  app.use('/api', abpRoutes(manager));
  app.use(restRouter(manager));
  app.use(refuseMalformed, sessionErrors(manager, { dialect }));
  return app;
}

function pageHeaders(_request: Request, response: Response, next: NextFunction): void {
  response.set({
    'Content-Security-Policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
      "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
  });
  next();
}

function showSignIn(request: Request, response: Response): void {
  const shown = notice(request.query['notice']);
  response.send(signInPage({ name: rememberedName(request), notice: shown, returnTo: returnPath(request) }));
}

/**
 * Refuses a body that the parsers cannot read, and a path that Express cannot decode. Without this handler, Express would
 * answer with a page that shows the stack.
 */
function refuseMalformed(
  error: { readonly status?: number },
  _request: Request,
  _response: Response,
  next: NextFunction,
): void {
  const { status = 500 } = error;
  const isRefusal = error instanceof SessionError || status >= 500;
  next(isRefusal ? error : new SessionError('invalid-request', 'The request cannot be read.'));
}

function signInWithPassword(manager: IdentitySessionManager): RequestHandler {
  const signIn = createSignIn(manager);

  return async function signInWithPassword(request, response) {
    const { name, password, staySignedIn } = signInForm(request);
    const account = await authenticate(name, password);
    if (account === undefined) {
      refusePassword(request, response, name);
      return;
    }
    await signIn(request, response, { userId: account.name, staySignedIn });
    rememberName(response, account.name);
    if (prefersHtml(request)) response.redirect(303, returnPath(request));
    else response.json({ user: account.name });
  };
}

function signInForm(request: Request): {
  name: string;
  password: string;
  staySignedIn: SignInFacts['staySignedIn'];
} {
  const { name, password, staySignedIn } = (request.body ?? {}) as Record<string, unknown>;
  return {
    name: typeof name === 'string' ? name : '',
    password: typeof password === 'string' ? password : '',
    // JSON contains true, a checkbox sends "on". `signIn` accepts both and refuses other values.
    staySignedIn: staySignedIn as SignInFacts['staySignedIn'],
  };
}

/** Answers a wrong password and an unknown name alike. */
function refusePassword(request: Request, response: Response, name: string): void {
  const detail = 'The name or the password is wrong.';
  response.status(401);
  if (prefersHtml(request))
    response.send(signInPage({ name, problem: detail, returnTo: returnPath(request) }));
  else response.type('application/problem+json').json({ title: 'Unauthorized', status: 401, detail });
}

/** Sets a cookie of the app itself, which fills in the name at the next sign-in. */
function rememberName(response: Response, name: string): void {
  response.cookie('name', name, { httpOnly: true, sameSite: 'lax', maxAge: 30 * 24 * 3_600_000 });
}

function rememberedName(request: Request): string {
  const { name } = request.cookies as Readonly<Record<string, unknown>>;
  return typeof name === 'string' ? name : '';
}

function showSessions(manager: IdentitySessionManager): RequestHandler {
  return async function showSessions(request, response) {
    const current = sessionOf(request);
    const { after } = request.query;
    const page = await manager.list(current, typeof after === 'string' ? { after } : {});
    const listed = page.sessions.some(({ sessionId }) => sessionId === current.sessionId);
    const sessions = listed ? page.sessions : [current, ...page.sessions];
    response.send(
      sessionsPage({
        user: current.userId,
        isAdministrator: isAdministrator(current.userId),
        currentId: current.sessionId,
        sessions: sessions.map((session) => manager.describe(session)),
        next: page.next,
        notice: notice(request.query['notice']),
      }),
    );
  };
}

function showProfile(request: Request, response: Response): void {
  const { userId: user } = sessionOf(request);
  if (prefersHtml(request)) response.send(profilePage({ user, isAdministrator: isAdministrator(user) }));
  else response.json({ user });
}
