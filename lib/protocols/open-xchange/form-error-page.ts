import type { Request } from 'express';

import { SessionError } from '../../errors';
import type { Answer, Dialect } from '../../http/dialect';
import { htmlText } from '../../http/html-text';
import { plainPage, PLAIN_PAGE_HEADERS } from '../../http/plain-page';
import type { Action } from './actions';
import type { OpenXchangeDialect } from './dialect';
import { OpenXchangeError, type ErrorObject } from './errors';
import { parameter } from './parameters';

/** Turns an action into one that answers errors with a page for people, because the browser shows the answer. */
export function withErrorPage(dialect: OpenXchangeDialect, action: Action): Action {
  return async (request, response) => {
    try {
      return await action(request, response);
    } catch (error) {
      if (error instanceof OpenXchangeError) return errorPage(dialect.errorAnswer(error), request);
      if (error instanceof SessionError) return errorPage(dialect.refusal(error, request), request);
      throw error;
    }
  };
}

/** Returns the function of a dialect for refusals before the action. Those of the action `formlogin` become pages. */
export function refusalWithPage(dialect: Dialect): Dialect['refusal'] {
  return (error, request) => {
    const answer = dialect.refusal(error, request);
    return parameter(request, 'action') === 'formlogin' ? errorPage(answer, request) : answer;
  };
}

/** The time after which the page leads back to the form, in seconds. */
const PAUSE = 5;

/** Turns the answer with an error into a page that shows the message and leads back to the form. It needs no scripts. */
function errorPage({ headers, body, ...rest }: Answer, request: Request): Answer {
  const message = htmlText((body as ErrorObject).error);
  const back = formOf(request);
  const refresh = back && `<meta http-equiv="refresh" content="${PAUSE}; url=${htmlText(back)}">`;
  const link = back && `<p><a href="${htmlText(back)}">Back</a></p>`;
  const page = plainPage({
    language: 'en',
    title: 'Login failed',
    head: refresh,
    body: `<p>${message}</p>${link ?? ''}`,
  });
  return { ...rest, headers: { ...headers, ...PLAIN_PAGE_HEADERS }, body: page };
}

/** Returns the page with the form, with the parameter `login=failed`, or undefined if the browser does not name the page. */
function formOf({ headers: { referer = '' } }: Request): string | undefined {
  if (!/^https?:/i.test(referer) || !URL.canParse(referer)) return undefined;
  const url = new URL(referer);
  url.searchParams.set('login', 'failed');
  return url.href;
}
