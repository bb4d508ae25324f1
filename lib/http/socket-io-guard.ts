import type { IncomingMessage } from 'node:http';

import type { Express } from 'express';

import { SessionError } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { unchecked } from '../options/checks';
import type { OptionTable } from '../options/reader';
import type { IdentitySession } from '../session/session';
import { checkWritable, toExpressRequest, verifyOpening } from './opening-request';
import { restDialect, VERB_OPTIONS, verbOptions, type VerbOptions } from './request';

/** The members of a socket of Socket.IO 4 that `socketIoGuard` uses. */
export interface SocketIoSocketLike {
  readonly request: IncomingMessage;
  /** The connection, which the sockets of several namespaces share. */
  readonly conn: {
    readonly readyState: string;
    once(event: 'close', listener: () => void): unknown;
    close(): unknown;
  };
  once(event: 'disconnect', listener: () => void): unknown;
  disconnect(close: true): unknown;
}

/** The options of `socketIoGuard`. */
export interface SocketIoGuardOptions extends VerbOptions {
  /** The Express app. Its settings apply to the requests, such as `trust proxy`. Required. */
  readonly app: Express;
}

const OPTIONS = {
  ...VERB_OPTIONS,
  app: { check: unchecked<Express>(), required: 'write `io.use(socketIoGuard(manager, { app }))`' },
} satisfies OptionTable<SocketIoGuardOptions>;

/**
 * A guard for Socket.IO. Accepts sockets whose first request proves possession of a live session. Handlers of the app get the
 * session by `sessionOf(socket.request)`. When the session ends on any node, the socket leaves its rooms and its connection is
 * closed.
 *
 * Mount it on every namespace: `io.use(socketIoGuard(manager, { app }))`.
 *
 * Refuses other sockets for the same reasons as `upgradeGuard`. The client gets the event `connect_error`, whose `data` is the
 * body of the refusal.
 * @throws TypeError if the manager or `app` is missing, an option is invalid, or the dialect is for reading only
 */
export function socketIoGuard(
  manager: IdentitySessionManager,
  options: SocketIoGuardOptions,
): (socket: SocketIoSocketLike, next: (error?: Error) => void) => void {
  const { dialect = restDialect(manager), app } = verbOptions('socketIoGuard', manager, options, OPTIONS);
  const { report } = manager.settings;
  checkWritable('socketIoGuard', dialect);

  /** Returns the error of a refused socket. */
  async function refusalOf(socket: SocketIoSocketLike): Promise<Error | undefined> {
    const request = toExpressRequest(socket.request, app);
    try {
      closeWithSession(socket, await verifyOpening(request, manager, dialect), manager);
      return undefined;
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      return Object.assign(new Error(error.message), { data: dialect.refusal(error, request).body });
    }
  }

  return function socketIoGuard(socket, next) {
    if (skipsGuards(socket)) return next(new TypeError(SKIPS_GUARDS));
    refusalOf(socket)
      .then(next)
      .catch((error: unknown) => {
        socket.conn.close();
        report({ type: 'failed', task: 'upgrade', error });
      });
  };
}

function closeWithSession(
  socket: SocketIoSocketLike,
  { sessionId }: IdentitySession,
  manager: IdentitySessionManager,
): void {
  // If the client left while the guard waited for the store, `close` was already emitted and would never remove the watch.
  if (socket.conn.readyState !== 'open') return;
  const unwatch = manager.onEnded(sessionId, () => {
    socket.disconnect(true);
    // A socket that later middlewares still wait for is not connected yet, so that `disconnect` does nothing.
    socket.conn.close();
  });
  socket.once('disconnect', unwatch);
  socket.conn.once('close', unwatch);
}

const SKIPS_GUARDS =
  'socketIoGuard is not called for recovered connections, so they would outlive their session. Write ' +
  '`connectionStateRecovery: { skipMiddlewares: false }` in the options of the Socket.IO server';

/** Returns true if the server recovers connections without its middlewares, which is the default of `connectionStateRecovery`. */
function skipsGuards(socket: object): boolean {
  const { nsp } = socket as {
    readonly nsp?: {
      readonly server?: {
        readonly opts?: { readonly connectionStateRecovery?: { readonly skipMiddlewares?: boolean } };
      };
    };
  };
  return nsp?.server?.opts?.connectionStateRecovery?.skipMiddlewares === true;
}
