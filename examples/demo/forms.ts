import type { Request } from 'express';

import { rest, type Answer, type Dialect, type IdentitySessionManager } from '../../lib';

/**
 * The wire of pages and their forms: that of REST, but what a person's browser is answered leads to the next page.
 * Programs, which ask for JSON, are answered as REST does.
 */
export function forms(manager: IdentitySessionManager): Dialect {
  const wire = rest(manager.settings);

  return {
    ...wire,

    revoked(forget, request) {
      const { headers, cookies } = wire.revoked(forget, request);
      const page = seeOther(forget ? '/sign-in?notice=signed-out' : '/?notice=ended');
      return { ...page, headers: { ...headers, ...page.headers }, cookies };
    },

    refusal(error, request) {
      const answer = wire.refusal(error, request);
      if (!asksForPage(request)) return answer;
      if (error.code === 'credentials-missing') return seeOther('/sign-in');
      if (answer.status === 401) return seeOther(`/sign-in?notice=${error.endReason ?? error.code}`);
      if (answer.status === 404) return seeOther(`/?notice=${error.code}`);
      return answer;
    },
  };
}

/** Whether a person's browser asks, rather than a program. Who does not mind gets the kind that was sent. */
export function asksForPage(request: Request): boolean {
  const kinds = request.is('urlencoded') ? ['html', 'json'] : ['json', 'html'];
  return request.accepts(kinds) === 'html';
}

function seeOther(path: string): Answer {
  return { status: 303, headers: { Location: path }, cookies: [] };
}
