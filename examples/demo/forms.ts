import type { Request } from 'express';

import { rest, type Answer, type Dialect, type IdentitySessionManager } from '../../lib';
import { problemPage } from './pages/problem';

/**
 * The dialect of pages and their forms. It extends the REST dialect: a browser is redirected to the next page, or gets a
 * page that explains the problem. Programs, which ask for JSON, get the answers of REST.
 */
export function forms(manager: IdentitySessionManager): Dialect {
  const restDialect = rest(manager.settings);

  return {
    ...restDialect,

    revoked(clearCookies, request) {
      const { headers, cookies } = restDialect.revoked(clearCookies, request);
      const page = seeOther(clearCookies ? '/sign-in?notice=signed-out' : '/?notice=ended');
      return { ...page, headers: { ...headers, ...page.headers }, cookies };
    },

    refusal(error, request) {
      const answer = restDialect.refusal(error, request);
      if (!prefersHtml(request)) return answer;
      if (error.code === 'credentials-missing') return seeOther('/sign-in');
      if (answer.status === 401) return seeOther(`/sign-in?notice=${error.endReason ?? error.code}`);
      if (answer.status === 404) return seeOther(`/?notice=${error.code}`);
      const headers = { ...answer.headers, 'Content-Type': 'text/html; charset=utf-8' };
      return { ...answer, headers, body: problemPage('That did not work', error.message) };
    },
  };
}

/**
 * Returns true if the client prefers HTML to JSON, as a browser does. A client without a preference gets HTML if it sent a
 * form, otherwise JSON.
 */
export function prefersHtml(request: Request): boolean {
  const types = request.is('urlencoded') ? ['html', 'json'] : ['json', 'html'];
  return request.accepts(types) === 'html';
}

function seeOther(path: string): Answer {
  return { status: 303, headers: { Location: path }, cookies: [] };
}
