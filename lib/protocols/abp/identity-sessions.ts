import type { Request } from 'express';

import { plainRefusal } from '../../errors';
import type { Answer, Dialect } from '../../http/dialect';
import { sessionOf } from '../../http/request';
import { mustClearCookie } from '../../http/revoke-route';
import type { IdentitySessionManager } from '../../manager/manager';
import { stage } from '../../session/lifetimes';
import { sessionsOf } from '../../session/revocation';
import { actingUser, type IdentitySession } from '../../session/session';
import { answer } from './answers';
import type { DescribeSessions } from './description';
import { sessionIdParameter } from './guid';
import { mayAdminister, withinTenant } from '../../http/administered-tenant';
import { sessionQuery } from './session-query';

/**
 * The routes for the sessions of all users, behind the permission. A caller with a tenant reaches the sessions of this tenant
 * only.
 */
export class IdentitySessions {
  readonly #manager: IdentitySessionManager;
  readonly #dialect: Dialect;
  readonly #describe: DescribeSessions;

  constructor(manager: IdentitySessionManager, dialect: Dialect, describe: DescribeSessions) {
    this.#manager = manager;
    this.#dialect = dialect;
    this.#describe = describe;
  }

  /**
   * Returns a page of live sessions. The sessions on the page include uses that are not written yet on this node. The filter and
   * the order consider only what is written.
   */
  async list(request: Request): Promise<Answer> {
    const { administration } = this.#manager;
    const current = sessionOf(request);
    const { filter, order, skip, take } = sessionQuery(request);
    const within = withinTenant(filter, current);
    const [{ sessions }, totalCount] = await Promise.all([
      administration.search({ ...within, order, skip, take }),
      administration.count(within),
    ]);
    return answer({ items: await this.#describe(sessions, current), totalCount });
  }

  /** Returns one live session, including uses that are not written yet. */
  async get(request: Request): Promise<Answer> {
    const current = sessionOf(request);
    const { lifetimes, clock } = this.#manager.settings;
    const session = await this.#find(request, current);
    if (stage(session, lifetimes, clock.now()) === 'ended') throw plainRefusal('session-not-found');
    const [item] = await this.#describe([session], current);
    return answer(item!);
  }

  async revoke(request: Request): Promise<Answer> {
    const current = sessionOf(request);
    const session = await this.#find(request, current);
    const which = sessionsOf(session, [session.sessionId]);
    await this.#manager.revoke(which, { reason: 'administrator', by: actingUser(current) });
    const clearCookies = mustClearCookie(which, current, request, this.#dialect);
    return this.#dialect.revoked(clearCookies, request, current);
  }

  /** A tenant's administrators cannot see sessions of other tenants. Requests for them return 404. */
  async #find(request: Request, current: IdentitySession): Promise<IdentitySession> {
    const session = await this.#manager.administration.find(sessionIdParameter(request));
    if (session === undefined || !mayAdminister(current, session.tenantId)) {
      throw plainRefusal('session-not-found');
    }
    return session;
  }
}
