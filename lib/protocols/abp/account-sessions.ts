import type { Request } from 'express';

import type { Answer } from '../../http/dialect';
import { sessionOf } from '../../http/request';
import type { IdentitySessionManager } from '../../manager/manager';
import { answer } from './answers';
import type { DescribeSessions } from './description';
import { sessionIdParameter } from './guid';
import { ownSearch } from './session-query';

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
    const { sessions, totalCount } = await this.#manager.search(current, ownSearch(request));
    return answer({ items: await this.#describe(sessions, current), totalCount });
  }

  async get(request: Request): Promise<Answer> {
    const current = sessionOf(request);
    const session = await this.#manager.get(current, sessionIdParameter(request));
    const [item] = await this.#describe([session], current);
    return answer(item!);
  }
}
