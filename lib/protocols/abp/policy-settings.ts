import type { Request } from 'express';

import { answer, DONE } from './answers';
import { idlePolicy, setIdlePolicy } from './idle-policy';
import { concurrencyRule, idleSettings, sessionSettings } from './settings-body';
import type { Answer } from '../../http/dialect';
import type { IdentitySessionManager } from '../../manager/manager';
import { sessionOf } from '../../http/request';
import { permissionMissing } from './permission';

/**
 * Behind the permission: the rules that administrators set. They hold for everybody, so a tenant's administrators may see
 * them and no more.
 */
export class PolicySettings {
  readonly #manager: IdentitySessionManager;

  constructor(manager: IdentitySessionManager) {
    this.#manager = manager;
  }

  async session(): Promise<Answer> {
    const { preventConcurrentLogin } = await this.#manager.administration.policyInForce();
    return answer(sessionSettings(preventConcurrentLogin));
  }

  async setSession(request: Request): Promise<Answer> {
    insistOnHost(request);
    await this.#manager.administration.setPolicy({ preventConcurrentLogin: concurrencyRule(request.body) });
    return DONE;
  }

  async idle(): Promise<Answer> {
    return answer(await idlePolicy(this.#manager));
  }

  async setIdle(request: Request): Promise<Answer> {
    insistOnHost(request);
    await setIdlePolicy(this.#manager, idleSettings(request.body));
    return DONE;
  }
}

function insistOnHost(request: Request): void {
  if (sessionOf(request).tenantId !== null) throw permissionMissing();
}
