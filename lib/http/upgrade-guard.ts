import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import type { Express, Request } from 'express';

import type { Clock } from '../clock';
import type { Answer } from './dialect';
import { plainRefusal, SessionError } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { unchecked } from '../options/checks';
import type { OptionTable } from '../options/reader';
import type { IdentitySession } from '../session/session';
import { bodyText, restDialect, VERB_OPTIONS, verbOptions, type VerbOptions } from './request';
import { checkOrigin } from './same-origin';

/** The part of a WebSocket of the npm package `ws` that is used here. */
export interface WebSocketLike {
  close(code?: number, reason?: string): void;
  terminate(): void;
  once(event: 'close', listener: () => void): unknown;
}

/** The part of a `WebSocketServer` of the npm package `ws` that is used here; made with `noServer: true`. */
export interface WebSocketServerLike<S extends WebSocketLike> {
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    upgraded: (socket: S, request: IncomingMessage) => void,
  ): void;
  emit(event: 'connection', socket: S, request: IncomingMessage): unknown;
}

/** What an upgrade guard is told. */
export interface UpgradeGuardOptions<S extends WebSocketLike> extends VerbOptions {
  /** The app whose settings count, such as `trust proxy`. Required. */
  readonly app: Express;
  /** The server of the WebSockets: `new WebSocketServer({ noServer: true })`. Required. */
  readonly webSockets: WebSocketServerLike<S>;
}

const EXAMPLE = "write `server.on('upgrade', upgradeGuard(manager, { app, webSockets }))`";

const OPTIONS = {
  ...VERB_OPTIONS,
  app: { check: unchecked<Express>(), required: EXAMPLE },
  webSockets: { check: unchecked<object>(), required: EXAMPLE },
} satisfies OptionTable<UpgradeGuardOptions<WebSocketLike>>;

/** What clients are told when a session ends: one of the codes that are free for apps (RFC 6455, section 7.4.2). */
const SESSION_ENDED = 4401;

/** How long a client may take to close a connection, or to read why it gets none, before it is cut, in milliseconds. */
const CLOSE_TIMEOUT = 1000;

/**
 * A listener for a server's `upgrade` event: lets WebSockets be opened by requests that prove possession of a live session,
 * which `sessionOf(request)` tells the app's `connection` listener, and closes them with code 4401 when that has ended, on
 * whatever node. Others are refused with an HTTP answer; so is a page of another site that opens one with the user's cookie.
 */
export function upgradeGuard<S extends WebSocketLike>(
  manager: IdentitySessionManager,
  options: UpgradeGuardOptions<S>,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const { dialect = restDialect(manager), app } = verbOptions('upgradeGuard', manager, options, OPTIONS);
  const { webSockets } = options;
  const { origins, clock, report } = manager.settings;

  async function verified(request: Request): Promise<IdentitySession> {
    const credentials = dialect.credentials(request);
    if (credentials === undefined) throw plainRefusal('credentials-missing');
    if (dialect.sameOrigin && credentials.transport === 'cookie') checkOrigin(request, origins);
    return manager.verify(credentials, { ipAddress: request.ip });
  }

  function closeWithSession(webSocket: S, { sessionId }: IdentitySession): void {
    const unwatch = manager.onEnded(sessionId, ({ code }) => {
      webSocket.close(SESSION_ENDED, code);
      clock.after(CLOSE_TIMEOUT, () => webSocket.terminate());
    });
    webSocket.once('close', unwatch);
  }

  return function upgradeGuard(incoming, socket, head) {
    const request = asExpressRequest(incoming, app);
    // Node keeps no listener on the socket of an upgrade: an error before it is handed over would end the process.
    const ignored = () => undefined;
    socket.on('error', ignored);
    verified(request)
      .then(
        (session) => {
          socket.off('error', ignored);
          request.identitySession = session;
          webSockets.handleUpgrade(request, socket, head, (webSocket) => {
            closeWithSession(webSocket, session);
            webSockets.emit('connection', webSocket, request);
          });
        },
        (error: unknown) => {
          const refusal = error instanceof SessionError ? dialect.refusal(error, request) : FAILED;
          sendRefusal(socket, refusal, clock);
        },
      )
      .catch((error: unknown) => {
        // It may be a WebSocket by now, on which no HTTP answer can be given.
        socket.destroy();
        report({ type: 'failed', task: 'upgrade', error });
      });
  };
}

/** As Express makes one of an ordinary request. */
function asExpressRequest(incoming: IncomingMessage, app: Express): Request {
  return Object.setPrototypeOf(incoming, app.request) as Request;
}

const FAILED: Answer = { status: 500, headers: {}, cookies: [] };

/**
 * The answer as it stands on the wire: an upgrade has no response object. Nobody but us closes the socket of one: a client
 * could leave its half of it open for ever.
 */
function sendRefusal(socket: Duplex, refusal: Answer, clock: Clock): void {
  const { status, headers, cookies } = refusal;
  const text = bodyText(refusal) ?? '';
  const lines = [
    `HTTP/1.1 ${status} `,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...cookies.map((cookie) => `Set-Cookie: ${cookie}`),
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
  ];
  socket.once(
    'close',
    clock.after(CLOSE_TIMEOUT, () => socket.destroy()),
  );
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy());
}
