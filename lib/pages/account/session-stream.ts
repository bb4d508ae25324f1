import type { Request, RequestHandler, Response } from 'express';

import { signInLink } from '../../http/browser-pages';
import type { Dialect } from '../../http/dialect';
import { sessionOf } from '../../http/request';
import type { SessionPage } from '../../manager/administration';
import type { IdentitySessionManager } from '../../manager/manager';
import { currentIpAddress, type IdentitySession } from '../../session/session';
import { fingerprint } from '../fingerprint';
import { homeOf } from '../page-handler';

/** The interval at which an idle stream sends a comment, so that proxies keep it open, in milliseconds. */
const HEARTBEAT = 20_000;

/**
 * Returns the dialect of streams: a browser without a live session gets the event `ended`, because scripts cannot read other
 * answers of a stream.
 */
export function streamDialect(dialect: Dialect, signIn: string): Dialect {
  return {
    ...dialect,
    refusal(error, request) {
      if (error.status !== 401) return dialect.refusal(error, request);
      const body = eventText('ended', signInLink(signIn, error, homeOf(request)));
      return { status: 200, headers: STREAM_HEADERS, cookies: [], body };
    },
  };
}

/** Buffers of proxies and compression would hold events back. */
const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
};

function eventText(event: string, data: string): string {
  const lines = data.split('\n').map((line) => `data: ${line}\n`);
  return `event: ${event}\n${lines.join('')}\n`;
}

/** The parts that a stream of a user's sessions needs. */
export interface SessionStreamParts {
  readonly manager: IdentitySessionManager;
  readonly signIn: string;
  /** Returns the lists as the page shows them. */
  readonly listsOf: (page: SessionPage, request: Request) => Promise<string>;
}

/**
 * Sends the lists of a page as server-sent events whenever they change: `sessions` with the HTML, and `ended` with the address
 * of the sign-in page after the session of the page has ended. Mount it behind a guard with `activity: false`.
 */
export function sessionStream({ manager, signIn, listsOf }: SessionStreamParts): RequestHandler {
  return function sessionStream(request, response) {
    const current = sessionOf(request);
    const stream = new EventStream(response, manager.settings.clock);
    if (response.closed) return;
    let shown = request.query['version'];

    const unwatchEnd = manager.onEnded(current.sessionId, (refusal) => {
      stream.send('ended', signInLink(signIn, refusal, homeOf(request)));
      stream.end();
    });
    const unwatchList = manager.watchSessions(current, async (page) => {
      const version = versionOf(page.sessions);
      if (version === shown || stream.isBusy) return;
      shown = version;
      stream.send('sessions', await listsOf(page, request));
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

/** A response with server-sent events. */
class EventStream {
  readonly #response: Response;
  readonly #clock: IdentitySessionManager['settings']['clock'];
  #cancelHeartbeat: () => void = () => undefined;

  constructor(response: Response, clock: IdentitySessionManager['settings']['clock']) {
    this.#response = response;
    this.#clock = clock;
    response.set(STREAM_HEADERS);
    response.write('retry: 2000\n\n');
    response.once('close', () => this.#cancelHeartbeat());
    this.#beat();
  }

  /** True while the client has not received what was sent before. A later event replaces those that are skipped. */
  get isBusy(): boolean {
    return this.#response.writableNeedDrain;
  }

  /** Sends an event. A list that was still being read when the stream ended is not sent. */
  send(event: string, data: string): void {
    if (this.#response.writableEnded) return;
    this.#response.write(eventText(event, data));
  }

  end(): void {
    this.#cancelHeartbeat();
    this.#response.end();
  }

  #beat(): void {
    this.#cancelHeartbeat = this.#clock.after(HEARTBEAT, () => {
      this.#response.write(': still here\n\n');
      this.#beat();
    });
  }
}
