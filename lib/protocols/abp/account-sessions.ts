import type { Request } from 'express';

import { plainRefusal } from '../../errors';
import type { Answer } from '../../http/dialect';
import { sessionOf } from '../../http/request';
import type { IdentitySessionManager } from '../../manager/manager';
import { answer } from './answers';
import type { DescribeSessions } from './description';
import { sessionIdParameter } from './guid';
import { paged, sessionQuery } from './session-query';

/** The routes for the caller's own sessions, behind a guard. They include uses that are not written yet. */
export class AccountSessions {
  readonly #manager: IdentitySessionManager;
  readonly #describe: DescribeSessions;

  constructor(manager: IdentitySessionManager, describe: DescribeSessions) {
    this.#manager = manager;
    this.#describe = describe;
  }

  async list(request: Request): Promise<Answer> {
    const current = sessionOf(request);
    const query = sessionQuery(request);
    const { items, totalCount } = paged(await this.#manager.list(current), query);
    return answer({ items: await this.#describe(items, current), totalCount });
  }

  async get(request: Request): Promise<Answer> {
    const current = sessionOf(request);
    const id = sessionIdParameter(request);
    const own = await this.#manager.list(current);
    const [item] = await this.#describe(
      own.filter(({ sessionId }) => sessionId === id),
      current,
    );
    if (item === undefined) throw plainRefusal('session-not-found');
    return answer(item);
  }
}
