import type { Request } from 'express';

import type { IdentitySession } from '../../session/session';
import { cookieHasher } from './cookie-hash';
import { cookieName, cookieValue } from './cookies';
import type { OpenXchangeSettings } from './options';
import { parameter } from './parameters';
import { keptWith } from './sign-in';

/** Under which hash the cookies of a client stand in their names. */
export interface ClientHash {
  /** The hash of the client that sends the request; it names itself there when no `client` is given. */
  readonly hashOf: (request: Request, client?: string, userAgent?: string) => string;
  /** The hash under which the client that sends the request keeps the cookies of the session. */
  readonly hashIn: (request: Request, session: IdentitySession) => string;
  /** The same of the public-session cookie. It is the user's, whatever the client: of two sessions the newer one has it. */
  readonly publicHash: (request: Request, session: IdentitySession) => string;
}

/** The hashes as the options have them made. */
export function clientHash(settings: OpenXchangeSettings): ClientHash {
  const { cookieHash, cookieHashFields, defaultClient } = settings;
  const hasher = cookieHasher(settings.cookieHashSalt);

  function hashOf(
    request: Request,
    client = parameter(request, 'client') || defaultClient,
    userAgent = request.headers['user-agent'] ?? '',
  ): string {
    return hasher({ userAgent, client, values: headerValues(request, cookieHashFields) });
  }

  /** The hash of the sign-in; where nothing was kept, what it must have been. */
  function rememberedHash(session: IdentitySession): string {
    const { userAgent, clientId } = session;
    return (
      keptWith(session).hash ??
      hasher({ userAgent: userAgent ?? '', client: clientId ?? defaultClient, values: [] })
    );
  }

  function hashIn(request: Request, session: IdentitySession): string {
    if (cookieHash === 'remember') return rememberedHash(session);
    const calculated = hashOf(request, session.clientId ?? defaultClient);
    if (!changesItsAgent(request, session)) return calculated;
    const { cookie } = request.headers;
    return cookieValue(cookie, cookieName('secret', calculated)) ? calculated : rememberedHash(session);
  }

  function publicHash(request: Request, session: IdentitySession): string {
    const { contextNumber, userNumber } = keptWith(session);
    const values = [
      String(contextNumber ?? session.tenantId ?? ''),
      String(userNumber ?? session.userId),
      ...headerValues(request, cookieHashFields),
    ];
    return hasher({ userAgent: session.userAgent ?? '', client: null, values });
  }

  return { hashOf, hashIn, publicHash };
}

/** Clients whose user agent differs from request to request, so that the hash of the sign-in is good too. */
function changesItsAgent(request: Request, { clientId }: IdentitySession): boolean {
  return clientId === 'open-xchange-mailapp' || CHANGING_AGENT.test(request.headers['user-agent'] ?? '');
}

const CHANGING_AGENT = /^(AppleCoreMedia|stagefright)\/|Trident\/7\.0; rv:11\.0/;

function headerValues({ headers }: Request, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    const value = headers[name];
    return value === undefined || value === '' ? [] : [String(value)];
  });
}
