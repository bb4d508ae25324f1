import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import type { Express } from 'express';

import type { Clock } from '../clock';
import type { Answer } from './dialect';
import { SessionError } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { unchecked } from '../options/checks';
import type { OptionTable } from '../options/reader';
import type { IdentitySession } from '../session/session';
import { checkWritable, toExpressRequest, verifyOpening } from './opening-request';
import { bodyText, restDialect, VERB_OPTIONS, verbOptions, type VerbOptions } from './request';

/** The members of a WebSocket of the npm package `ws` that `upgradeGuard` uses. */
export interface WebSocketLike {
  close(code?: number, reason?: string): void;
  terminate(): void;
  once(event: 'close', listener: () => void): unknown;
  removeAllListeners(event: 'message'): unknown;
}

/** The members of a `WebSocketServer` of the npm package `ws` that `upgradeGuard` uses. Create it with `noServer: true`. */
export interface WebSocketServerLike<S extends WebSocketLike> {
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    upgraded: (socket: S, request: IncomingMessage) => void,
  ): void;
  emit(event: 'connection', socket: S, request: IncomingMessage): unknown;
}

/** The options of `upgradeGuard`. */
export interface UpgradeGuardOptions<S extends WebSocketLike> extends VerbOptions {
  /** The Express app. Its settings apply to the requests, such as `trust proxy`. Required. */
  readonly app: Express;
  /** The WebSocket server: `new WebSocketServer({ noServer: true })`. Required. */
  readonly webSockets: WebSocketServerLike<S>;
}

const EXAMPLE = "write `server.on('upgrade', upgradeGuard(manager, { app, webSockets }))`";

const OPTIONS = {
  ...VERB_OPTIONS,
  app: { check: unchecked<Express>(), required: EXAMPLE },
  webSockets: { check: unchecked<object>(), required: EXAMPLE },
} satisfies OptionTable<UpgradeGuardOptions<WebSocketLike>>;

/** The close code after a session ended. Codes from 4000 to 4999 are for apps (RFC 6455, section 7.4.2). */
const SESSION_ENDED = 4401;

/** The time that a client has to close its WebSocket or to read a refusal, in milliseconds. Then the connection is cut. */
const CLOSE_TIMEOUT_MS = 1000;

/**
 * A guard for WebSockets. Accepts upgrade requests that prove possession of a live session. The app's `connection` listener
 * gets the session by `sessionOf(request)`. When the session ends on any node, the WebSocket is closed with code 4401, and the
 * app gets no further messages.
 *
 * Attach it to the HTTP server: `server.on('upgrade', upgradeGuard(manager, { app, webSockets }))`.
 *
 * Refuses other requests with an HTTP answer, for the same reasons as `sessionSecretGuard`. It also checks the origin: a
 * page of another site cannot open a WebSocket with the user's cookie.
 * @throws TypeError if the manager, `app` or `webSockets` is missing, an option is invalid, or the dialect is for reading only
 */
export function upgradeGuard<S extends WebSocketLike>(
  manager: IdentitySessionManager,
  options: UpgradeGuardOptions<S>,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const { dialect = restDialect(manager), app } = verbOptions('upgradeGuard', manager, options, OPTIONS);
  const { webSockets } = options;
  const { clock, report } = manager.settings;
  checkWritable('upgradeGuard', dialect);

  function closeWithSession(webSocket: S, { sessionId }: IdentitySession): void {
    const unwatch = manager.onEnded(sessionId, ({ code }) => {
      // A client can ignore the close frame and send further messages until the connection is cut.
      webSocket.removeAllListeners('message');
      webSocket.close(SESSION_ENDED, code);
      clock.after(CLOSE_TIMEOUT_MS, () => webSocket.terminate());
    });
    webSocket.once('close', unwatch);
  }

  return function upgradeGuard(incoming, socket, head) {
    const request = toExpressRequest(incoming, app);
    // Node.js has no error listener on the socket of an upgrade. Without one, an early error would end the process.
    const ignoreError = () => undefined;
    socket.on('error', ignoreError);
    verifyOpening(request, manager, dialect)
      .then(
        (session) => {
          socket.off('error', ignoreError);
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
        // The connection may be a WebSocket by now, which cannot carry an HTTP answer.
        socket.destroy();
        report({ type: 'failed', task: 'upgrade', error });
      });
  };
}

const FAILED: Answer = { status: 500, headers: {}, cookies: [] };

/**
 * Writes an HTTP answer to the socket, because an upgrade request has no response object. Then closes the socket, because
 * Node.js does not close it and a client could leave its half open forever.
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
    clock.after(CLOSE_TIMEOUT_MS, () => socket.destroy()),
  );
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy());
}
