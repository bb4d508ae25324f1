import type { Request, RequestHandler } from 'express';

import { clientAddress } from '../../http/client-address';
import type { Check } from '../../options/reader';
import { rangeMatcher } from '../../session/ip-check';

/** The programs that may sign in on behalf of a client: their addresses, or a function that recognizes their requests. */
export type TrustedClients = string | readonly string[] | ((request: Request) => boolean);

type Trusts = (request: Request) => boolean;

/**
 * Checks the option and returns a function that recognizes requests of trusted clients. A request without a known address is
 * never trusted by its address. Of a function only the result `true` counts, and not a promise.
 */
export const trustedClients: Check<Trusts> = (given) => {
  if (typeof given === 'function')
    return (request) => (given as (request: Request) => unknown)(request) === true;
  const contains = rangeMatcher(given);
  return (request) => {
    const address = clientAddress(request);
    return address !== undefined && contains(address);
  };
};

/** The parameters by which a program names the client on whose behalf it sends the request. */
const ON_BEHALF: ReadonlySet<string> = new Set(['clientIP', 'clientUserAgent']);

const trusted = new WeakSet<Request>();

/** Creates a handler that remembers if a trusted client sent the request. */
export function recognizeTrusted(trusts: Trusts): RequestHandler {
  return (request, _response, next) => {
    if (trusts(request)) trusted.add(request);
    next();
  };
}

/**
 * Returns true if the request may contain the parameter. Anyone may send most parameters. Only trusted clients may name another
 * client, because otherwise an attacker could choose the address and the device that the owner of a session sees.
 */
export function mayContain(request: Request, name: string): boolean {
  return !ON_BEHALF.has(name) || trusted.has(request);
}
