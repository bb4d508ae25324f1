import type { Socket } from 'node:net';

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
export function clientAddress(request: Addressed): string | undefined {
  return isDirect(request) ? addressOfSocket(request.socket) : addressIn(request.ip);
}

/** The members of a request from which its address follows. */
type Addressed = Pick<Request, 'ip'> & Partial<Pick<Request, 'headers' | 'socket'>>;

/** The address of a connection, which cannot change. A connection serves many requests. */
interface KnownSocket {
  [ADDRESS]?: string | undefined;
}

const ADDRESS = Symbol('address');

function addressOfSocket(socket: Socket & KnownSocket): string | undefined {
  return (socket[ADDRESS] ??= addressIn(socket.remoteAddress));
}

/**
 * Returns true if `request.ip` is the address of the connection. Express computes it anew at every access, so it is only used if a
 * proxy's header or the app can have changed it.
 */
function isDirect(request: Addressed): request is Addressed & Pick<Request, 'socket'> {
  const { headers, socket } = request;
  if (headers === undefined || socket === undefined || headers['x-forwarded-for'] !== undefined) return false;
  return inherits(request) && !Object.hasOwn(request, 'ip');
}

/** The last prototype of a request, and whether its `ip` is that of Express. Requests of one app have the same prototype. */
let last: object | undefined;
let isLastExpress = false;

/** Returns true if the request inherits the `ip` of Express itself, and the app has not replaced it. */
function inherits(request: object): boolean {
  const prototype = Object.getPrototypeOf(request) as object;
  if (prototype !== last) {
    isLastExpress = isExpressIp(prototype);
    last = prototype;
  }
  return isLastExpress;
}

/** Express defines `ip` together with `ips`, by named getters. An app that replaces `ip` does so elsewhere, or by another getter. */
function isExpressIp(prototype: object | null): boolean {
  if (prototype === null) return false;
  const ip = Object.getOwnPropertyDescriptor(prototype, 'ip');
  if (ip === undefined) return isExpressIp(Object.getPrototypeOf(prototype) as object | null);
  return ip.get?.name === 'ip' && Object.hasOwn(prototype, 'ips') && Object.hasOwn(prototype, 'subdomains');
}

function addressIn(ip: string | undefined): string | undefined {
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
