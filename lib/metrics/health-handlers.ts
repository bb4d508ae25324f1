import type { IncomingMessage, ServerResponse } from 'node:http';

import { checkManager } from '../http/request';
import type { IdentitySessionManager } from '../manager/manager';

/** A handler for Express, or for Node.js's own server. */
export type HealthHandler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Answers 200 while the process can answer at all. It does not check the database, because a restart of the process does not
 * repair the database, and a restart during an outage only adds load.
 *
 * Mount it for an orchestrator that restarts processes: `app.get('/livez', livez())`.
 */
export function livez(): HealthHandler {
  return function livez(_request, response) {
    answer(response, true);
  };
}

/**
 * Answers 200 if sessions can be checked, and 503 if the database cannot be reached.
 *
 * The first request reads from the database, also to find missing tables. After that, the handler sends a statement only
 * while requests are refused without waiting for the database, or while the last check failed. An idle database can therefore
 * stop. The answer contains no details. A failed check is reported as `failed` with the task `readiness`.
 *
 * Mount it for a load balancer: `app.get('/readyz', readyz(manager))`.
 * @throws TypeError if `manager` is not a manager
 */
export function readyz(manager: IdentitySessionManager): HealthHandler {
  checkManager('readyz', manager);
  const readiness = new Readiness(manager);
  return function readyz(_request, response) {
    readiness.check().then(
      (ready) => answer(response, ready),
      () => answer(response, false),
    );
  };
}

class Readiness {
  readonly #manager: IdentitySessionManager;
  #state: 'unknown' | 'ready' | 'failed' = 'unknown';
  /** Requests that arrive at the same time share one check. */
  #checking: Promise<boolean> | undefined;

  constructor(manager: IdentitySessionManager) {
    this.#manager = manager;
  }

  async check(): Promise<boolean> {
    if (this.#state === 'ready' && this.#isAvailable()) return true;
    this.#checking ??= this.#read().finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  async #read(): Promise<boolean> {
    try {
      await this.#manager.administration.policy();
      // A cached policy needs no statement.
      const ready = this.#isAvailable();
      this.#state = ready ? 'ready' : 'unknown';
      return ready;
    } catch (error) {
      if (this.#state !== 'failed')
        this.#manager.settings.report({ type: 'failed', task: 'readiness', error });
      this.#state = 'failed';
      return false;
    }
  }

  #isAvailable(): boolean {
    return this.#manager.health().database?.available !== false;
  }
}

function answer(response: ServerResponse, ok: boolean): void {
  response.writeHead(ok ? 200 : 503, {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
  });
  response.end(JSON.stringify({ status: ok ? 'ok' : 'unavailable' }));
}
