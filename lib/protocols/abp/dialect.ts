import type { Request } from 'express';

import type { SessionError } from '../../errors';
import { sessionsOf, type Revocation } from '../../session/revocation';
import type { IdentitySession } from '../../session/session';
import type { Answer, Dialect } from '../../http/dialect';
import type { DescribedSession } from '../../session/described';
import { rest, type RestOptions } from '../../http/rest';
import { answer } from './answers';
import { challenge, errorObject } from './errors';
import { namedSession } from './guid';
import { identitySessionDto } from './identity-session-dto';
import { paged, sessionQuery } from './session-query';

/**
 * The wire of ABP's front ends: its sessions, its lists, its errors. ABP leaves it to others how requests prove who they
 * are from; here it is as on the REST wire, by its cookie or a bearer token.
 */
export function abp(basis: RestOptions): Dialect {
  const wire = rest(basis);

  function revocation(request: Request, current: IdentitySession): Revocation {
    if (request.params['id'] === undefined) return wire.revocation(request, current);
    return sessionsOf(current, [namedSession(request)]);
  }

  function session({ session: current }: DescribedSession): Answer {
    return answer(identitySessionDto(current, current));
  }

  function sessions(all: readonly DescribedSession[], current: IdentitySession, request: Request): Answer {
    const own = all.map(({ session: each }) => each);
    const { items, totalCount } = paged(own, sessionQuery(request));
    return answer({ items: items.map((each) => identitySessionDto(each, current)), totalCount });
  }

  function refusal(error: SessionError, request: Request): Answer {
    const { status, headers, cookies } = wire.refusal(error, request);
    const challenged = challenge(error);
    return {
      status,
      headers: {
        ...headers,
        'Content-Type': 'application/json; charset=utf-8',
        // By it ABP's clients know that the body is one of these.
        _AbpErrorFormat: 'true',
        ...(challenged !== undefined && { 'WWW-Authenticate': challenged }),
      },
      cookies,
      body: { error: errorObject(error) },
    };
  }

  return {
    ...wire,
    revocation,
    session,
    sessions,
    refusal,
    opened: (opened, request) => ({
      ...session(opened.described),
      cookies: wire.opened(opened, request).cookies,
    }),
  };
}
