import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

import type { Act, Operation, Outcome } from './history';
import type { Recorder } from './recorder';

/**
 * A client gives up after this many seconds, and the node counts as hanging. Seconds in which this process did not run do
 * not count.
 */
const ANSWER_TIMEOUT = 15;

/** A client's view of its session: the id and the cookie. */
export interface Held {
  readonly id: string;
  readonly user: string;
  /** The newest cookie of the client. */
  cookie: string;
  /** All cookies of the session that any client received, in their order. */
  readonly issued: string[];
}

/** The address of a node for clients. */
export interface Address {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface Errand {
  readonly act: Act;
  readonly user: string;
  readonly with?: Held | undefined;
  /** The session to end. */
  readonly target?: string;
  /** The sessions that it must end. */
  readonly ends?: readonly string[];
  /** True if the client uses a copied cookie, and ignores new ones. */
  readonly stolen?: true;
  /** True if the response does not reach the client's jar. */
  readonly isLost?: boolean;
}

/** Sends requests to nodes like a browser and records them. */
export class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  readonly #recorder: Recorder;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  /** Runs the errand. Returns the recorded operation and the session that a sign-in opened. */
  async run(errand: Errand, to: Address): Promise<{ operation: Operation; opened?: Held | undefined }> {
    const began = this.#recorder.now();
    const secret = errand.with?.issued.indexOf(errand.with.cookie);
    const answer = await this.#ask(errand, to).catch(
      (error: NodeJS.ErrnoException) => error.code ?? error.message,
    );
    const answered = this.#recorder.now();
    const seen =
      typeof answer === 'string' ? { outcome: 'unanswered' as const, answer } : judged(answer, errand);
    const opened = 'opened' in seen ? seen.opened : undefined;
    const given = typeof answer === 'string' ? undefined : keep(answer, errand);
    const operation: Operation = {
      ...seen,
      secret,
      given,
      stolen: errand.stolen,
      act: errand.act,
      node: to.name,
      user: errand.user,
      session: errand.with?.id,
      ends: errand.ends ?? [],
      began,
      answered,
      opened: opened?.id,
    };
    this.#recorder.operations.push(operation);
    return { operation, opened };
  }

  close(): void {
    this.#agent.destroy();
  }

  #ask(errand: Errand, { host, port }: Address): Promise<Reply> {
    const { method, path, body } = requestOf(errand);
    const headers: Record<string, string> = { 'Sec-Fetch-Site': 'same-origin' };
    if (errand.with !== undefined) headers['Cookie'] = errand.with.cookie;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    return new Promise((resolve, reject) => {
      const asked = request({ agent: this.#agent, host, port, method, path, headers });
      let waited = 0;
      const waiting = setInterval(() => {
        if (++waited === ANSWER_TIMEOUT) asked.destroy(new Error(`no answer for ${ANSWER_TIMEOUT} s`));
      }, 1000);
      asked.once('close', () => clearInterval(waiting));
      asked.once('error', reject);
      asked.once('response', (response) => {
        text(response).then((body) => resolve({ response, body }), reject);
      });
      asked.end(body);
    });
  }
}

/** Keeps the new cookie of a session. Returns its number. */
function keep({ response }: Reply, { act, with: held, stolen, isLost }: Errand): number | undefined {
  const cookie = cookieOf(response);
  if (held === undefined || cookie === undefined || act === 'sign in' || !cookie.includes(held.id)) {
    return undefined;
  }
  if (!held.issued.includes(cookie)) held.issued.push(cookie);
  if (stolen === undefined && isLost !== true) held.cookie = cookie;
  return held.issued.indexOf(cookie);
}

function cookieOf({ headers }: IncomingMessage): string | undefined {
  return headers['set-cookie']?.[0]?.split(';')[0];
}

interface Reply {
  readonly response: IncomingMessage;
  readonly body: string;
}

function requestOf({ act, user, target }: Errand): { method: string; path: string; body?: string } {
  switch (act) {
    case 'sign in':
      return { method: 'POST', path: '/sign-in', body: JSON.stringify({ userId: user, staySignedIn: true }) };
    case 'request':
      return { method: 'GET', path: '/private' };
    case 'peek':
      return { method: 'GET', path: '/session' };
    case 'list':
      return { method: 'GET', path: '/sessions' };
    case 'revoke':
      return { method: 'DELETE', path: `/sessions/${target}` };
    case 'revoke others':
      return { method: 'DELETE', path: '/sessions/others' };
    case 'sign out':
      return { method: 'DELETE', path: '/session' };
  }
}

interface Judged {
  readonly outcome: Outcome;
  readonly answer: string;
  readonly opened?: Held | undefined;
  readonly lastAccessed?: number | undefined;
}

function judged({ response, body }: Reply, errand: Errand): Judged {
  const { statusCode: status = 0, headers } = response;
  const { code, reason, session, lastAccessed, sessionId } = parsed(body);
  const answer = [status, code, reason].filter(Boolean).join(' ');
  if (status === 401 && headers['set-cookie'] === undefined) return { outcome: 'refused', answer };
  if (status === 503 && code === 'store-unavailable') {
    const asPromised = headers['retry-after'] !== undefined && headers['set-cookie'] === undefined;
    return { outcome: asPromised ? 'unavailable' : 'wrong', answer };
  }
  if (status !== 200 && status !== 204)
    return { outcome: 'wrong', answer: `${answer} ${body.slice(0, 300)}` };
  if (errand.act === 'sign in') {
    const cookie = cookieOf(response) ?? '';
    const opened = { id: session!.sessionId, user: errand.user, cookie, issued: [cookie] };
    return { outcome: 'accepted', answer, opened };
  }
  const another = errand.act === 'request' && sessionId !== errand.with?.id;
  return another
    ? { outcome: 'wrong', answer: `answered with the session ${sessionId}` }
    : { outcome: 'accepted', answer, lastAccessed: errand.act === 'request' ? lastAccessed : undefined };
}

interface Body {
  readonly code?: string;
  readonly reason?: string;
  readonly sessionId?: string;
  readonly lastAccessed?: number;
  readonly session?: { readonly sessionId: string };
}

function parsed(body: string): Body {
  try {
    return JSON.parse(body) as Body;
  } catch {
    return {};
  }
}
