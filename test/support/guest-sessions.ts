import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';

import { cookieValues } from '../../lib/http/cookies';

type Callback = (error?: unknown) => void;
type Values = Record<string, unknown>;

/** The parts of express-session's sessions that the tests use: values, and methods with callbacks. */
export interface GuestSession extends Values {
  regenerate(callback: Callback): void;
  save(callback: Callback): void;
  destroy(callback?: Callback): void;
}

/** Sessions for guests in memory, with the interface of express-session. They have a cookie of their own. */
export class GuestSessions {
  readonly stored = new Map<string, string>();
  /** If it is set, `regenerate` fails with this error. */
  failure: Error | undefined;

  readonly middleware: RequestHandler = (request, response, next) => {
    const [id = ''] = cookieValues(request.headers.cookie, 'guest');
    const known = this.stored.get(id);
    this.#begin(request, known === undefined ? randomUUID() : id, JSON.parse(known ?? '{}') as Values);
    response.on('finish', () => this.#save(request));
    response.append('Set-Cookie', `guest=${sessionOf(request)['id'] as string}; Path=/`);
    next();
  };

  #begin(request: Request, id: string, values: Values): void {
    const regenerate = (callback: Callback) => {
      if (this.failure !== undefined) return callback(this.failure);
      this.stored.delete(id);
      const fresh = randomUUID();
      this.#begin(request, fresh, {});
      request.res!.append('Set-Cookie', `guest=${fresh}; Path=/`);
      callback();
    };
    const save = (callback: Callback) => {
      this.#save(request);
      callback();
    };
    const destroy = (callback: Callback) => {
      this.stored.delete(id);
      Reflect.deleteProperty(request, 'session');
      callback(this.failure);
    };
    const session = Object.defineProperties(
      { ...values },
      {
        id: { value: id },
        regenerate: { value: regenerate },
        save: { value: save },
        destroy: { value: destroy, configurable: true },
      },
    );
    Object.assign(request, { session });
  }

  #save(request: Request): void {
    const session = sessionOf(request) as GuestSession | undefined;
    if (session === undefined) return;
    this.stored.set(session['id'] as string, JSON.stringify(session));
  }
}

export function sessionOf(request: Request): GuestSession {
  return (request as Request & { session: GuestSession }).session;
}
