import type { Request, RequestHandler } from 'express';

import type { SessionError } from '../errors';
import type { SessionPage } from '../manager/administration';
import type { IdentitySessionManager } from '../manager/manager';
import { currentIpAddress, type IdentitySession } from '../session/session';
import { EventStream } from './event-stream';
import { fingerprint } from './fingerprint';
import { sessionOf } from './request';

/** The form of the events of a stream. */
export interface StreamForm {
  /** Returns the data of the event `sessions`: the first page of the user's sessions. */
  readonly sessions: (page: SessionPage, request: Request) => Promise<string>;
  /** Returns the data of the event `ended`, which is the last one: the session of the stream has ended. */
  readonly ended: (refusal: SessionError, request: Request) => string;
}

/**
 * Sends a user's sessions as server-sent events whenever they change: `sessions` with the list, and `ended` after the session of
 * the stream has ended. A client that names the version that it shows, as `version` or `Last-Event-ID`, gets the list only if it
 * differs. Mount it behind a guard with `activity: false`.
 */
export function sessionStream(
  verb: string,
  manager: IdentitySessionManager,
  form: StreamForm,
): RequestHandler {
  return function sessionStream(request, response) {
    const current = sessionOf(request, verb);
    const stream = new EventStream(response, manager.settings.clock);
    if (response.closed) return;
    let shown: unknown = request.get('Last-Event-ID') ?? request.query['version'];

    const unwatchEnd = manager.onEnded(current.sessionId, (refusal) => {
      stream.send({ name: 'ended', data: form.ended(refusal, request) });
      stream.end();
    });
    const unwatchList = manager.watchSessions(current, async (page) => {
      const id = versionOf(page.sessions);
      if (id === shown || stream.isBusy) return;
      shown = id;
      stream.send({ name: 'sessions', data: await form.sessions(page, request), id });
    });
    response.once('close', () => {
      unwatchEnd();
      unwatchList();
    });
  };
}

/** Returns a text that changes when a page of these sessions looks different. */
export function versionOf(sessions: readonly IdentitySession[]): string {
  return fingerprint(
    JSON.stringify(
      sessions.map((session) => [
        session.sessionId,
        session.name,
        session.lastAccessed,
        currentIpAddress(session),
      ]),
    ),
  );
}
