import type { Request, RequestHandler, Response } from 'express';

import type { Dialect } from './dialect';
import { plainRefusal } from '../errors';
import { limitChoiceOf, type WaitingSignIn } from '../manager/limit-choice';
import type { IdentitySessionManager } from '../manager/manager';
import { newSession } from '../manager/new-session';
import type { IdentitySession } from '../session/session';
import { mapInSlices } from '../slices';
import { clearedTicketCookie, presentedTicket, type PresentedTicket } from './limit-ticket';
import { asyncHandler, dialectOf, type VerbOptions } from './request';
import { SAFE_METHODS } from './same-origin';
import { openFor, signInOf, type SignedIn } from './sign-in';

/**
 * Lets the holder of a ticket complete a sign-in that a limit with `onLimit: 'ask'` refused.
 *
 * `GET` returns the user's sessions that count for the limit. `POST` ends those that the body names as `ends`, opens the session, and
 * answers as an autologin does; a client without cookies also gets its `token`. If the limit is still exceeded, it ends nothing, and
 * the ticket remains valid.
 *
 * The ticket is in a cookie, or in the header `Authorization: Ticket …` of clients that keep no cookies. Parse the body first;
 * `restRouter` does. For people there is `limitChoicePage`.
 *
 * Refuses requests with `ticket-invalid` and the codes of `createSignIn`.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function limitChoice(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('limitChoice', manager, options);

  return asyncHandler(dialect, async function limitChoice(request, response) {
    if (SAFE_METHODS.has(request.method)) {
      const { waiting, sessions } = await choicesFor(request, manager);
      const described = await mapInSlices(sessions, (session) => manager.describe(session));
      // No session of the list is the current one, so the session that will be opened is passed.
      const opening = newSession(waiting.signIn, '', manager.settings);
      return dialect.sessions({ sessions: described }, opening, request);
    }
    const ends = endsIn(request);
    const { session, token, cookies } = await completeChoice(request, response, ends, { manager, dialect });
    const answer = dialect.session(manager.describe(session), request);
    return {
      ...answer,
      cookies,
      body: { ...(answer.body as object), ...(token !== undefined && { token }) },
    };
  });
}

/** A sign-in that waits, with the sessions of its user that count for the limit. */
export interface Choices {
  readonly waiting: WaitingSignIn;
  readonly sessions: readonly IdentitySession[];
}

/**
 * Returns the sessions from which the holder of the request's ticket can choose.
 * @throws SessionError `ticket-invalid`, `store-unavailable`
 */
export async function choicesFor(request: Request, manager: IdentitySessionManager): Promise<Choices> {
  const { ticket, browser } = ticketIn(request, manager);
  const choices = limitChoiceOf(manager);
  const waiting = await choices.find(ticket, browser);
  return { waiting, sessions: await choices.sessions(waiting) };
}

/** A sign-in that its user has completed by a choice. */
export interface CompletedSignIn extends SignedIn {
  /** The page that the browser asked for before the sign-in, or null. */
  readonly returnTo: string | null;
  /** The values of `Set-Cookie` that remove the ticket from its browser. The response already has the session's own cookie. */
  readonly cookies: readonly string[];
}

/**
 * Ends the sessions that the holder of the request's ticket chose, and opens the session that waits.
 * @param ends The ids of the sessions to end.
 * @throws SessionError `ticket-invalid` and the codes of `createSignIn`; the ticket then remains valid
 */
export async function completeChoice(
  request: Request,
  response: Response,
  ends: readonly string[],
  { manager, dialect }: { readonly manager: IdentitySessionManager; readonly dialect: Dialect },
): Promise<CompletedSignIn> {
  const { ticket, browser } = ticketIn(request, manager);
  return limitChoiceOf(manager).use(ticket, browser, async ({ signIn, returnTo }) => {
    const {
      userAgent: _agent,
      clientHints: _hints,
      ipAddress: _address,
      secretForm: _form,
      ...given
    } = signIn;
    const facts = signInOf(request, dialect, { ...given, ends }, manager);
    const signedIn = await openFor(request, response, facts, { manager, dialect });
    const cookies = facts.transport === 'cookie' ? [clearedTicketCookie(manager.settings.cookies)] : [];
    return { ...signedIn, returnTo, cookies };
  });
}

/** @throws SessionError `ticket-invalid` if the request has no ticket */
function ticketIn(request: Request, { settings }: IdentitySessionManager): PresentedTicket {
  const presented = presentedTicket(request, settings.cookies);
  if (presented === undefined) throw plainRefusal('ticket-invalid');
  return presented;
}

/** Returns the ids in the body. A form with one marked session sends a text. */
function endsIn({ body }: Request): readonly string[] {
  const { ends = [] } = (body ?? {}) as { readonly ends?: unknown };
  return typeof ends === 'string' ? [ends] : (ends as readonly string[]);
}
