import type { Request, RequestHandler, Response } from 'express';

import type { Answer, Dialect } from './dialect';
import { plainRefusal, SessionError } from '../errors';
import { limitChoiceOf, type WaitingSignIn } from '../manager/limit-choice';
import type { IdentitySessionManager } from '../manager/manager';
import { newSession } from '../manager/new-session';
import { messagesFor } from '../session/i18n/translations';
import type { IdentitySession } from '../session/session';
import { mapInSlices } from '../slices';
import { prefersHtml } from './browser-pages';
import { choicePage } from './limit-choice-page';
import { clearedTicketCookie, presentedTicket, type PresentedTicket } from './limit-ticket';
import { asyncHandler, restDialect, VERB_OPTIONS, verbOptions, type VerbOptions } from './request';
import { SAFE_METHODS } from './same-origin';
import { openFor, signInOf } from './sign-in';
import { PAGE_HEADERS } from './standalone-page';

/**
 * Lets the holder of a ticket complete a sign-in that a limit with `onLimit: 'ask'` refused.
 *
 * `GET` returns the user's sessions that count for the limit. `POST` ends those that the body names as `ends`, opens the session, and
 * answers as an autologin does; a client without cookies also gets its `token`. If the limit is still exceeded, it ends nothing, and
 * the ticket remains valid.
 *
 * Browsers get a page with a form, and are redirected to `returnTo` after the sign-in. The ticket is in a cookie, or in the header
 * `Authorization: Ticket …` of clients that keep no cookies. Parse the body first; `limitChoiceRouter` and `restRouter` do.
 *
 * Refuses requests with `ticket-invalid` and the codes of `createSignIn`.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function limitChoice(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const { dialect = restDialect(manager) } = verbOptions('limitChoice', manager, options, VERB_OPTIONS);

  return asyncHandler(dialect, async function limitChoice(request, response) {
    const { cookies } = manager.settings;
    const presented = presentedTicket(request, cookies);
    if (presented === undefined) throw plainRefusal('ticket-invalid');
    const choice = { manager, dialect, presented };
    return SAFE_METHODS.has(request.method) ? show(request, choice) : choose(request, response, choice);
  });
}

interface Choice {
  readonly manager: IdentitySessionManager;
  readonly dialect: Dialect;
  readonly presented: PresentedTicket;
}

async function show(request: Request, { manager, dialect, presented }: Choice): Promise<Answer> {
  const choices = limitChoiceOf(manager);
  const waiting = await choices.find(presented.ticket, presented.browser);
  const sessions = await choices.sessions(waiting);
  if (prefersHtml(request)) return htmlAnswer(200, sessions, request, manager);
  const described = await mapInSlices(sessions, (session) => manager.describe(session));
  // No session of the list is the current one, so the session that will be opened is passed.
  return dialect.sessions({ sessions: described }, newSession(waiting.signIn, '', manager.settings), request);
}

async function choose(request: Request, response: Response, choice: Choice): Promise<Answer> {
  const { manager, presented } = choice;
  const choices = limitChoiceOf(manager);
  const { ticket, browser } = presented;
  try {
    return await choices.use(ticket, browser, (waiting) => complete(request, response, waiting, choice));
  } catch (error) {
    if (!isLimit(error) || !prefersHtml(request)) throw error;
    const sessions = await choices.sessions(await choices.find(ticket, browser));
    return htmlAnswer(error.status, sessions, request, manager, error);
  }
}

async function complete(
  request: Request,
  response: Response,
  { signIn, returnTo }: WaitingSignIn,
  { manager, dialect }: Choice,
): Promise<Answer> {
  const { userAgent: _agent, clientHints: _hints, ipAddress: _address, secretForm: _form, ...given } = signIn;
  const facts = signInOf(request, dialect, { ...given, ends: endsIn(request) }, manager);
  const { session, token } = await openFor(request, response, facts, { manager, dialect });
  const cookies = facts.transport === 'cookie' ? [clearedTicketCookie(manager.settings.cookies)] : [];
  if (prefersHtml(request)) {
    const headers = { 'Cache-Control': 'no-store', Location: returnTo ?? '/' };
    return { status: 303, headers, cookies };
  }
  const answer = dialect.session(manager.describe(session), request);
  return { ...answer, cookies, body: { ...(answer.body as object), ...(token !== undefined && { token }) } };
}

async function htmlAnswer(
  status: number,
  sessions: readonly IdentitySession[],
  request: Request,
  manager: IdentitySessionManager,
  error?: SessionError,
): Promise<Answer> {
  const messages = messagesFor(request.headers['accept-language'], manager.settings.translations);
  const described = await mapInSlices(sessions, (session) => manager.describe(session));
  // The form must send its origin. Its address contains no ticket.
  const headers = { ...PAGE_HEADERS, 'Referrer-Policy': 'same-origin' };
  return { status, headers, cookies: [], body: await choicePage(described, messages, error) };
}

/** Returns the ids in the body. A form with one marked session sends a text. */
function endsIn({ body }: Request): readonly string[] {
  const { ends = [] } = (body ?? {}) as { readonly ends?: unknown };
  return typeof ends === 'string' ? [ends] : (ends as readonly string[]);
}

function isLimit(error: unknown): error is SessionError {
  return error instanceof SessionError && error.code === 'session-limit-reached';
}
