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
  createReauthentication,
  createSignIn,
  prefersHtml,
  restRouter,
  returnPath,
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
import { authenticate, isAccount, isAdministrator } from './accounts';
import type { Mailbox } from './mailbox';
import { openXchangeRoutes } from './open-xchange';
import {
  accountPage,
  adminPage,
  limitChoicePage,
  notMePage,
  pageHeaders,
  pageParts,
  type LanguageOptions,
  type NotMePageOptions,
  type PageContent,
  type PageParts,
} from '../../lib/pages';
import { confirmPage } from './pages/confirm';
import { elementPage } from './pages/element';
import { layout } from './pages/layout';
import { mailsPage } from './pages/mails';
import { profilePage } from './pages/profile';
import { signInPage } from './pages/sign-in';
import { textsIn } from './texts';

interface Parts {
  readonly manager: IdentitySessionManager;
  readonly mailbox: Mailbox;
  /** Further languages of the pages. */
  readonly languages?: LanguageOptions['languages'];
}

/**
 * Creates an app with accounts. It has a page where users see and end their sessions, a profile page for signed-in users,
 * and a page for administrators. It asks for the password again before old sessions end others. It writes mails about sign-ins on new devices, with links that end them. Clients of Open-Xchange
 * and ABP front ends can use the same accounts and sessions.
 */
export function createApp({ manager, mailbox, languages = {} }: Parts): Express {
  const partsOf = pageParts(manager, { languages });
  const pages = { layout, languages };
  const dialect = browserPages(manager.settings, {
    signIn: '/sign-in',
    limitChoice: '/sign-in/choice',
    problem: (error, request) => {
      const { problemPage, reader } = partsOf(request);
      const next = { path: '/sign-in', text: reader.texts.problem.signIn };
      return String(layout(problemPage(error, next), request));
    },
  });
  const guard = sessionSecretGuard(manager, { dialect });

  const app = express();
  app.disable('x-powered-by');
  app.use(express.static(join(__dirname, 'public')));
  app.use(['/ajax', '/appsuite/api'], openXchangeRoutes(manager));
  app.use(cookieParser());

  app.use(['/sign-in', '/confirm', '/mails', '/element', '/profile'], pageHeaders);
  app.get('/sign-in', sessionSecretGuard(manager, { dialect, optional: true }), showSignIn(partsOf));
  app.post(
    '/sign-in',
    sameOrigin(manager, { dialect }),
    express.urlencoded({ extended: false }),
    express.json(),
    signInLimiter(manager, { dialect, nameOf: (request) => signInForm(request).name }),
    signInWithPassword(manager, partsOf),
  );
  app.post(
    '/confirm',
    guard,
    express.urlencoded({ extended: false }),
    express.json(),
    signInLimiter(manager, { dialect, nameOf: (request) => sessionOf(request).userId }),
    confirmPassword(manager, partsOf),
  );
  app.use('/sign-in/choice', limitChoicePage(manager, pages));
  app.post('/sign-out', signOut(manager, { dialect }));
  app.use('/not-me', notMePage(manager, { ...pages, onNotMe: secureAccount(manager, mailbox) }));
  app.get('/mails', sessionSecretGuard(manager, { dialect, optional: true }), showMails(partsOf, mailbox));

  app.get('/', (_request, response) => response.redirect(303, '/account/sessions'));
  app.use('/account/sessions', accountPage(manager, pages));
  app.use('/identity-sessions.js', express.static(ELEMENT));
  app.get('/element', guard, showElement(partsOf));
  app.get('/profile', guard, showProfile(partsOf));
  app.use('/admin/sessions', adminPage(manager, { ...pages, isGranted: administers }));

  app.use('/api', abpRoutes(manager));
  app.use(restRouter(manager));
  app.use(refuseMalformed, sessionErrors(manager, { dialect }));
  return app;
}

function administers(_permission: string, request: Request): boolean {
  return isAdministrator(sessionOf(request).userId);
}

/** The custom element, which apps find as `express-identity-sessions/identity-sessions.js`. */
const ELEMENT = join(__dirname, '../../lib/pages/assets/identity-sessions.js');

type PartsOf = (request: Request) => PageParts;

function sendPage(page: PageContent, request: Request, response: Response): void {
  response.send(String(layout(page, request)));
}

/** Shows the form of the sign-in. Users who are signed in, and must only confirm that it is them, enter just their password. */
function showSignIn(partsOf: PartsOf): RequestHandler {
  return function showSignIn(request, response) {
    const { identitySession: session } = request;
    if (session !== undefined && request.query['notice'] === 'authentication-insufficient') {
      const shown = { user: session.userId, returnTo: returnPath(request) };
      sendPage(confirmPage(partsOf(request), shown), request, response);
      return;
    }
    const shown = { name: rememberedName(request), returnTo: returnPath(request) };
    sendPage(signInPage(partsOf(request), shown), request, response);
  };
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

function signInWithPassword(manager: IdentitySessionManager, partsOf: PartsOf): RequestHandler {
  const signIn = createSignIn(manager);

  return async function signInWithPassword(request, response) {
    const { name, password, staySignedIn } = signInForm(request);
    const account = await authenticate(name, password);
    if (account === undefined) {
      const owner = isAccount(name) ? { owner: { userId: name } } : {};
      await signIn.failed(request, { name, ...owner });
      refusePassword(request, response, name, partsOf);
      return;
    }
    await signIn(request, response, { userId: account.name, staySignedIn, amr: ['pwd'] });
    rememberName(response, account.name);
    if (prefersHtml(request)) response.redirect(303, returnPath(request));
    else response.json({ user: account.name });
  };
}

/** Authenticates a signed-in user again. The session stays, and the browser gets a new secret. */
function confirmPassword(manager: IdentitySessionManager, partsOf: PartsOf): RequestHandler {
  const reauthenticated = createReauthentication(manager);
  const signIn = createSignIn(manager);

  return async function confirmPassword(request, response) {
    const { userId: user } = sessionOf(request);
    if ((await authenticate(user, signInForm(request).password)) === undefined) {
      await signIn.failed(request, { name: user, owner: { userId: user } });
      refuseConfirmation(request, response, user, partsOf);
      return;
    }
    await reauthenticated(request, response, { amr: ['pwd'] });
    if (prefersHtml(request)) response.redirect(303, returnPath(request));
    else response.json({ user });
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
function refusePassword(request: Request, response: Response, name: string, partsOf: PartsOf): void {
  const parts = partsOf(request);
  const page = signInPage(parts, { name, isWrong: true, returnTo: returnPath(request) });
  refuse(request, response, page, textsIn(parts.reader).signIn.wrong);
}

function refuseConfirmation(request: Request, response: Response, user: string, partsOf: PartsOf): void {
  const parts = partsOf(request);
  const page = confirmPage(parts, { user, isWrong: true, returnTo: returnPath(request) });
  refuse(request, response, page, textsIn(parts.reader).confirm.wrong);
}

/** Sends the form again, or a problem document to a program. */
function refuse(request: Request, response: Response, page: PageContent, detail: string): void {
  response.status(401);
  if (prefersHtml(request)) sendPage(page, request, response);
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

/** Ends all sessions of a user whose password somebody else knows. A real app would also ask for a new password. */
function secureAccount(manager: IdentitySessionManager, mailbox: Mailbox): NotMePageOptions['onNotMe'] {
  return async ({ owner }) => {
    await manager.onCredentialChange(owner);
    mailbox.deliver(owner.userId, { about: 'secured' });
  };
}

function showMails(partsOf: PartsOf, mailbox: Mailbox): RequestHandler {
  return (request, response) => sendPage(mailsPage(partsOf(request), mailbox.mails), request, response);
}

function showElement(partsOf: PartsOf): RequestHandler {
  return (request, response) => sendPage(elementPage(partsOf(request)), request, response);
}

function showProfile(partsOf: PartsOf): RequestHandler {
  return function showProfile(request, response) {
    const { userId: user } = sessionOf(request);
    const viewer = { user, isAdministrator: isAdministrator(user) };
    if (prefersHtml(request)) sendPage(profilePage(partsOf(request), viewer), request, response);
    else response.json({ user });
  };
}
