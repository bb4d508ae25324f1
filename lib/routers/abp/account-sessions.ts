import type { Request } from 'express';

import { answer } from '../../dialects/abp/answers';
import { namedSession } from '../../dialects/abp/guid';
import { paged, sessionQuery } from '../../dialects/abp/session-query';
import type { Answer } from '../../dialects/dialect';
import { plainRefusal } from '../../errors';
import { sessionOf } from '../../http/request';
import type { IdentitySessionManager } from '../../manager';
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
