import type { Request } from 'express';

import { answer } from './answers';
import { namedSession } from './guid';
import { paged, sessionQuery } from './session-query';
import type { Answer } from '../../http/dialect';
import { plainRefusal } from '../../errors';
import { sessionOf } from '../../http/request';
import type { IdentitySessionManager } from '../../manager/manager';
import type { Describe } from './description';

/** Behind a guard: the caller's own sessions, to the latest use that this node knows of. */
export class AccountSessions {
  readonly #manager: IdentitySessionManager;
  readonly #describe: Describe;

  constructor(manager: IdentitySessionManager, describe: Describe) {
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
    const id = namedSession(request);
    const own = await this.#manager.list(current);
    const [item] = await this.#describe(
      own.filter(({ sessionId }) => sessionId === id),
      current,
    );
    if (item === undefined) throw plainRefusal('session-not-found');
    return answer(item);
  }
}
