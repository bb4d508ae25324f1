import type { Request } from 'express';

import type { SessionError } from '../../errors';
import type { Answer, Dialect } from '../../http/dialect';
import { idParameter } from '../../http/id-parameter';
import { rest, type RestOptions } from '../../http/rest';
import type { DescribedPage, DescribedSession } from '../../session/described';
import { messagesFor } from '../../session/i18n/translations';
import { sessionsOf, type Revocation } from '../../session/revocation';
import type { IdentitySession } from '../../session/session';
import { answer } from './answers';
import { challenge, errorObject } from './errors';
import { sessionIdParameter } from './guid';
import { identitySessionDto } from './identity-session-dto';
import { ownSearch } from './session-query';

/**
 * Creates the dialect for ABP's front ends: sessions, lists and errors have ABP's form. ABP does not define how requests
 * prove their session. Here they do it as in REST, by the cookie or a bearer token. `basis` is `manager.settings`.
 */
export function abp(basis: RestOptions): Dialect {
  const restDialect = rest(basis);

  function revocation(request: Request, current: IdentitySession): Revocation {
    idParameter(request);
    return sessionsOf(current, [sessionIdParameter(request)]);
  }

  function session({ session: current }: DescribedSession): Answer {
    return answer(identitySessionDto(current, current));
  }

  function sessions(page: DescribedPage, current: IdentitySession): Answer {
    const items = page.sessions.map(({ session: each }) => identitySessionDto(each, current));
    return answer({ items, totalCount: page.totalCount });
  }

  function refusal(error: SessionError, request: Request): Answer {
    const { status, headers, cookies } = restDialect.refusal(error, request);
    const challenged = challenge(error);
    return {
      status,
      headers: {
        ...headers,
        'Content-Type': 'application/json; charset=utf-8',
        // ABP's clients parse the body as an error object only if this header is present.
        _AbpErrorFormat: 'true',
        ...(challenged !== undefined && { 'WWW-Authenticate': challenged }),
      },
      cookies,
      body: {
        error: errorObject(error, messagesFor(request.headers['accept-language'], basis.translations)),
      },
    };
  }

  return {
    ...restDialect,
    revocation,
    page: ownSearch,
    session,
    sessions,
    refusal,
    opened: (opened, request) => ({
      ...session(opened.described),
      cookies: restDialect.opened(opened, request).cookies,
    }),
  };
}
