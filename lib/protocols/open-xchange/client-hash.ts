import type { Request } from 'express';

import type { IdentitySession } from '../../session/session';
import { cookieHasher } from './cookie-hash';
import { cookieName, cookieValue } from './cookies';
import type { OpenXchangeSettings } from './options';
import { parameter } from './parameters';
import { storedSignIn } from './stored-sign-in';

/** Computes the hashes in the names of a client's cookies. */
export interface ClientHash {
  /** Returns the hash of the client that sent the request. By default, `client` is the request parameter of this name. */
  readonly hashOf: (request: Request, client?: string, userAgent?: string) => string;
  /** Returns the hash in the names of the session's cookies, for the client that sent the request. */
  readonly hashIn: (request: Request, session: IdentitySession) => string;
  /**
   * Returns the hash in the name of the public-session cookie. It depends on the user and not on the client, so that the
   * cookie of a newer session replaces the cookie of an older one.
   */
  readonly publicHash: (request: Request, session: IdentitySession) => string;
}

/** Creates the hash functions according to the options `cookieHash`, `cookieHashFields` and `cookieHashSalt`. */
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

  /** Returns the hash of the sign-in. If it is not stored, computes it from the session. */
  function rememberedHash(session: IdentitySession): string {
    const { userAgent, clientId } = session;
    return (
      storedSignIn(session).hash ??
      hasher({ userAgent: userAgent ?? '', client: clientId ?? defaultClient, values: [] })
    );
  }

  function hashIn(request: Request, session: IdentitySession): string {
    if (cookieHash === 'remember') return rememberedHash(session);
    const calculated = hashOf(request, session.clientId ?? defaultClient);
    if (!changesUserAgent(request, session)) return calculated;
    const { cookie } = request.headers;
    return cookieValue(cookie, cookieName('secret', calculated)) ? calculated : rememberedHash(session);
  }

  function publicHash(request: Request, session: IdentitySession): string {
    const { contextNumber, userNumber } = storedSignIn(session);
    const values = [
      String(contextNumber ?? session.tenantId ?? ''),
      String(userNumber ?? session.userId),
      ...headerValues(request, cookieHashFields),
    ];
    return hasher({ userAgent: session.userAgent ?? '', client: null, values });
  }

  return { hashOf, hashIn, publicHash };
}

/** Returns true for clients whose user agent changes between requests. The dialect also accepts their hash of the sign-in. */
function changesUserAgent(request: Request, { clientId }: IdentitySession): boolean {
  return clientId === 'open-xchange-mailapp' || CHANGING_AGENT.test(request.headers['user-agent'] ?? '');
}

const CHANGING_AGENT = /^(AppleCoreMedia|stagefright)\/|Trident\/7\.0; rv:11\.0/;

function headerValues({ headers }: Request, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    const value = headers[name];
    return value === undefined || value === '' ? [] : [String(value)];
  });
}
