import type { Request } from 'express';

import { answer } from './answers';
import { namedSession } from './guid';
import { sessionQuery } from './session-query';
import type { Answer, Dialect } from '../../http/dialect';
import { plainRefusal } from '../../errors';
import { sessionOf } from '../../http/request';
import { mustClearCookie } from '../../http/revoke-route';
import type { IdentitySessionManager } from '../../manager/manager';
import { stage } from '../../session/lifetimes';
import { sessionsOf } from '../../session/revocation';
import type { IdentitySession } from '../../session/session';
import type { SearchFilter } from '../../store/store';
import type { Describe } from './description';
import { permissionMissing } from './permission';

/** Behind the permission: everybody's sessions, and those of the caller's tenant where the caller has one. */
export class IdentitySessions {
  readonly #manager: IdentitySessionManager;
  readonly #dialect: Dialect;
  readonly #describe: Describe;

  constructor(manager: IdentitySessionManager, dialect: Dialect, describe: Describe) {
    this.#manager = manager;
    this.#dialect = dialect;
    this.#describe = describe;
  }

  /** A page of the live ones, as they are written. */
  async list(request: Request): Promise<Answer> {
    const { administration } = this.#manager;
    const current = sessionOf(request);
    const { filter, order, skip, take } = sessionQuery(request);
    const within = confined(filter, current);
    const [{ sessions }, totalCount] = await Promise.all([
      administration.search({ ...within, sort: order.by, descending: order.descending, skip, take }),
      administration.count(within),
    ]);
    return answer({ items: await this.#describe(sessions, current), totalCount });
  }

  /** One of them, with the uses of it that are not written yet. */
  async get(request: Request): Promise<Answer> {
    const current = sessionOf(request);
    const { lifetimes, clock } = this.#manager.settings;
    const session = await this.#found(request, current);
    if (stage(session, lifetimes, clock.now()) === 'ended') throw plainRefusal('session-not-found');
    const [item] = await this.#describe([session], current);
    return answer(item!);
  }

  async revoke(request: Request): Promise<Answer> {
    const current = sessionOf(request);
    const session = await this.#found(request, current);
    const which = sessionsOf(session, [session.sessionId]);
    await this.#manager.revoke(which, { reason: 'administrator', by: current.userId });
    return this.#dialect.revoked(mustClearCookie(which, current, request, this.#dialect), request, current);
  }

  /** Sessions of other tenants are to a tenant's administrators as if there were none. */
  async #found(request: Request, current: IdentitySession): Promise<IdentitySession> {
    const session = await this.#manager.administration.find(namedSession(request));
    if (session === undefined || !reaches(current, session.tenantId)) throw plainRefusal('session-not-found');
    return session;
  }
}

/** A tenant's administrators act within it; those without a tenant act on all. */
function reaches({ tenantId: own }: IdentitySession, tenantId: string | null): boolean {
  return own === null || own === tenantId;
}

function confined(filter: SearchFilter, current: IdentitySession): SearchFilter {
  const { tenantId = current.tenantId ?? undefined } = filter;
  if (tenantId === undefined) return filter;
  if (!reaches(current, tenantId)) throw permissionMissing();
  return { ...filter, tenantId };
}
