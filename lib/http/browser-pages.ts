import type { Request } from 'express';

import type { SessionError } from '../errors';
import { func, text } from '../options/checks';
import { readOptions, type OptionTable } from '../options/reader';
import { displayRefusal } from '../session/i18n/messages';
import { messagesFor } from '../session/i18n/translations';
import type { Answer, Dialect } from './dialect';
import { ticketOf } from './limit-ticket';
import { plainPage, PLAIN_PAGE_HEADERS } from './plain-page';
import { rest, type RestOptions } from './rest';
import { isOwnHost, SAFE_METHODS } from './same-origin';

/** The pages to which a browser is redirected. Each is a path on the app's own origin, and may have a query. */
export interface BrowserPagesOptions {
  /** The sign-in page, for example `/sign-in`. Required. */
  readonly signIn: string;
  /** The page after a session was ended. Default: `/`. */
  readonly afterRevoke?: string | undefined;
  /** The page after the caller's own session was ended. Default: the sign-in page. */
  readonly afterSignOut?: string | undefined;
  /**
   * The path of the page on which users choose the sessions to end, such as that of `limitChoicePage`. A sign-in beyond a limit
   * with `onLimit: 'ask'` leads to it. Default: such a sign-in is refused with a page.
   */
  readonly limitChoice?: string | undefined;
  /**
   * Returns the HTML of a page for a refusal that no sign-in helps against, such as `too-many-requests` or `store-unavailable`.
   * Default: a short page with the message.
   */
  readonly problem?: ((error: SessionError, request: Request) => string) | undefined;
}

const path = text(/^\/(?![/\\])[^\s\\]*$/, 'a path on this site, such as "/sign-in"');

const OPTIONS = {
  signIn: { check: path, required: "write `browserPages(manager.settings, { signIn: '/sign-in' })`" },
  afterRevoke: { default: '/', check: path },
  afterSignOut: { check: path },
  limitChoice: { check: path },
  problem: { check: func<NonNullable<BrowserPagesOptions['problem']>>() },
} satisfies OptionTable<BrowserPagesOptions>;

/**
 * Creates the dialect of pages and their forms. It extends `rest`: a browser is redirected to the next page, and a program,
 * which asks for JSON or states no preference, gets the answers of REST.
 *
 * A browser without a live session is redirected to the sign-in page. The query parameter `notice` says why: the reason of the
 * end, such as `revoked`, or the code of the refusal. A browser that was not signed in gets no notice. The parameter `returnTo`
 * contains the page that the browser asked for; `returnPath` reads it. After a revocation, `notice` is `ended`, `signed-out` or
 * `session-not-found`. Show only texts of your own for these names.
 * @throws TypeError if an option is missing or invalid
 */
export function browserPages(settings: RestOptions, options: BrowserPagesOptions): Dialect {
  const heading = 'browserPages cannot be built';
  const pages = readOptions(options, OPTIONS, { heading });
  const { signIn, afterRevoke, afterSignOut = signIn, limitChoice, problem } = pages;
  const programs = rest(settings);

  return {
    ...programs,

    revoked(clearCookies, request, session) {
      const answer = programs.revoked(clearCookies, request, session);
      if (!prefersHtml(request)) return answer;
      const next = clearCookies ? link(afterSignOut, 'signed-out') : link(afterRevoke, 'ended');
      return redirect(answer, next);
    },

    refusal(error, request) {
      const answer = programs.refusal(error, request);
      if (!prefersHtml(request)) return answer;
      if (answer.status === 401) {
        return redirect(answer, signInLink(signIn, error, returnTarget(request, signIn, error)));
      }
      if (limitChoice !== undefined && ticketOf(error) !== undefined) return redirect(answer, limitChoice);
      if (answer.status === 404) return redirect(answer, link(afterRevoke, error.code));
      if (problem === undefined) return plainProblem(answer, error, request, settings);
      return { ...answer, headers: { ...answer.headers, ...PAGE }, body: problem(error, request) };
    },
  };
}

function plainProblem(
  answer: Answer,
  error: SessionError,
  { headers }: Request,
  { translations }: RestOptions,
): Answer {
  const messages = messagesFor(headers['accept-language'], translations);
  const page = plainPage({ language: messages.language, title: displayRefusal(error, messages) });
  return { ...answer, headers: { ...answer.headers, ...PLAIN_PAGE_HEADERS }, body: page };
}

/**
 * Returns the page to show after a sign-in: the parameter `returnTo` of the query or, if it has none, of the parsed body. Returns
 * `fallback` unless the parameter is a path on the app's own origin, so that no link can lead a user from the sign-in to another
 * site. Write `response.redirect(303, returnPath(request))`.
 */
export function returnPath(request: Request, fallback = '/'): string {
  const fields = (request.body ?? {}) as { readonly returnTo?: unknown };
  return localPath(request.query['returnTo'] ?? fields.returnTo) ?? fallback;
}

/** The longest path that a browser returns to, in characters. */
const LONGEST_PATH = 2000;

/**
 * Returns the path with its query as a browser will understand it, or undefined if it could lead to another origin. Browsers
 * drop tabs and line breaks, read `\` as `/`, and resolve `/.//host` to `//host`.
 */
function localPath(given: unknown): string | undefined {
  if (typeof given !== 'string' || given.length > LONGEST_PATH || !given.startsWith('/')) return undefined;
  const base = 'http://own.invalid';
  if (!URL.canParse(given, base)) return undefined;
  const { origin, pathname, search, hash } = new URL(given, base);
  return origin === base && !pathname.startsWith('//') ? pathname + search + hash : undefined;
}

/**
 * Returns the page that the browser asked for. If it sent a form that needs a more recent authentication, this is the page with
 * the form, so that the user can send it again.
 */
function pageAsked(request: Request, { code }: SessionError): string | undefined {
  if (SAFE_METHODS.has(request.method)) return localPath(request.originalUrl);
  const { referer } = request.headers;
  if (code !== 'authentication-insufficient' || referer === undefined) return undefined;
  if (!isOwnHost(referer, request)) return undefined;
  const { pathname, search } = new URL(referer);
  return localPath(pathname + search);
}

/** Returns the page that the browser can return to after the sign-in: the one that it asked for, unless it is part of the sign-in. */
function returnTarget(request: Request, signIn: string, error: SessionError): string | undefined {
  // A ticket is a part of the sign-in that issued it.
  if (error.code === 'ticket-invalid') return undefined;
  const asked = pageAsked(request, error);
  return asked?.split('?')[0] === signIn.split('?')[0] ? undefined : asked;
}

/** Returns the address of the sign-in page with the reason why a session is refused, and the page to return to. */
export function signInLink(signIn: string, error: SessionError, returnTo?: string): string {
  return link(signIn, noticeOf(error), returnTo);
}

function noticeOf({ code, endReason }: SessionError): string | undefined {
  return code === 'credentials-missing' ? undefined : (endReason ?? code);
}

function link(page: string, notice: string | undefined, returnTo?: string): string {
  const parameters = new URLSearchParams({ ...(notice && { notice }), ...(returnTo && { returnTo }) });
  if (parameters.size === 0) return page;
  const [path, fragment] = page.split('#', 2);
  const joined = `${path}${path!.includes('?') ? '&' : '?'}${parameters.toString()}`;
  return fragment === undefined ? joined : `${joined}#${fragment}`;
}

function redirect({ headers, cookies }: Answer, location: string): Answer {
  const { 'WWW-Authenticate': _challenge, 'Content-Type': _type, ...others } = headers;
  return { status: 303, headers: { ...others, Location: location }, cookies };
}

/**
 * Returns true if the client prefers HTML to JSON, as a browser does. A client without a preference gets HTML if it sent a form,
 * otherwise JSON.
 */
export function prefersHtml(request: Request): boolean {
  const types = request.is('urlencoded') ? ['html', 'json'] : ['json', 'html'];
  return request.accepts(types) === 'html';
}

const PAGE = {
  'Content-Type': 'text/html; charset=utf-8',
  'X-Content-Type-Options': 'nosniff',
};
