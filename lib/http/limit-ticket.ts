import type { Request } from 'express';

import type { SessionError } from '../errors';
import { cookieValues, namedCookie, setCookie, type CookieAttributes, type NamedCookies } from './cookies';

/** The ticket of a sign-in beyond a limit, on its way to the client. */
export interface LimitTicket {
  readonly ticket: string;
  /** The secret that binds the ticket to the browser of the sign-in. Undefined for clients that keep no cookies. */
  readonly browser: string | undefined;
  /** In milliseconds since 1970. */
  readonly expires: number;
  /** In seconds. */
  readonly maxAge: number;
}

/** The property under which a refusal carries its ticket. It is not enumerable, so that no logger of errors shows it. */
const TICKET = Symbol.for('express-identity-sessions.limitTicket');

/** Lets the refusal of a sign-in carry a ticket to the dialect. */
export function attachTicket(error: SessionError, ticket: LimitTicket): void {
  Object.defineProperty(error, TICKET, { value: ticket });
}

/** Returns the ticket that a refusal carries. */
export function ticketOf(error: SessionError): LimitTicket | undefined {
  return (error as { readonly [TICKET]?: LimitTicket })[TICKET];
}

/** The ticket in a request, with the secret of its browser if it has one. */
export interface PresentedTicket {
  readonly ticket: string;
  readonly browser: string | undefined;
}

const AUTHORIZATION = /^ticket +(\S+) *$/i;

/**
 * Returns the ticket of the request: that of the header `Authorization: Ticket …`, or else that of the cookie. Returns undefined if
 * it has none.
 */
export function presentedTicket({ headers }: Request, cookies: NamedCookies): PresentedTicket | undefined {
  const named = AUTHORIZATION.exec(headers.authorization ?? '')?.[1];
  const values = cookieValues(headers.cookie, namedCookie(cookies, SUFFIX));
  const kept = values.map((value) => {
    const [ticket = '', browser] = value.split('.');
    return { ticket, browser };
  });
  if (named === undefined) return kept[0];
  return kept.find(({ ticket }) => ticket === named) ?? { ticket: named, browser: undefined };
}

type TicketCookies = NamedCookies & CookieAttributes;

/** Returns the cookie that keeps a ticket in its browser. */
export function ticketCookie({ ticket, browser, maxAge }: LimitTicket, cookies: TicketCookies): string[] {
  if (browser === undefined) return [];
  return [setCookie(namedCookie(cookies, SUFFIX), `${ticket}.${browser}`, { ...cookies, maxAge })];
}

/** Returns the cookie that removes a ticket from its browser. */
export function clearedTicketCookie(cookies: TicketCookies): string {
  return setCookie(namedCookie(cookies, SUFFIX), '', { ...cookies, maxAge: 0 });
}

const SUFFIX = '-ticket';
