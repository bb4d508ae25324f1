import type { Request } from 'express';

import { lru } from '../lru';
import { ipAddress } from '../session/ip-address';
import { detached } from '../session/text';

/** An address in brackets, or an address that ends as IPv4 does; either may have a port. */
const WITH_PORT = /^(?:\[(.+)\]|(.+\.\d+))(?::\d+)?$/;

/** The number of texts whose addresses are remembered. Parsing an IPv6 address would take longer than the rest of the guard. */
const MOST_REMEMBERED = 10_000;

const remembered = lru<string>(MOST_REMEMBERED);

/**
 * Returns the address of the client in canonical form, for limits, checks and sessions. Returns undefined if the address is
 * unknown. Express's `request.ip` is undefined over a Unix socket. Behind a trusted proxy it is text from the network, such
 * as `203.0.113.7:40000`, `[2001:db8::1]:443`, `unknown` or `_hidden`.
 */
export function clientAddress({ ip }: Pick<Request, 'ip'>): string | undefined {
  if (ip === undefined) return unknown();
  const known = remembered.get(ip);
  if (known !== undefined) return known;
  const address = ipAddress(ip) ?? ipAddress(withoutPort(ip));
  if (address === null) return unknown();
  remembered.set(detached(ip), address);
  return address;
}

function withoutPort(text: string): string | undefined {
  const [, bracketed, ipv4] = WITH_PORT.exec(text) ?? [];
  return bracketed ?? ipv4;
}

let warned = false;

/** Prints a warning once in the life of the process, without the text, because a client can choose it. */
function unknown(): undefined {
  if (warned) return;
  warned = true;
  process.emitWarning(
    'The address of a client is unknown, because `request.ip` of Express is undefined or not an IP address. Limits count ' +
      'all such clients together. Behind a proxy, set `trust proxy` of Express to the number of proxies, also over a Unix ' +
      'socket, and let the proxy send IP addresses in `X-Forwarded-For`.',
    { code: 'EIS_UNKNOWN_ADDRESS' },
  );
}
