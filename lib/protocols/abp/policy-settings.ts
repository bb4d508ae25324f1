import type { Request } from 'express';

import type { Answer } from '../../http/dialect';
import { sessionOf } from '../../http/request';
import type { IdentitySessionManager } from '../../manager/manager';
import { answer, DONE } from './answers';
import { idlePolicy, setIdlePolicy } from './idle-policy';
import { permissionMissing } from '../../http/permission-guard';
import { concurrencyRule, idleSettings, sessionSettings } from './settings-body';

/**
 * The routes for settings, behind the permission. The settings apply to all tenants. Therefore a tenant's administrators can
 * read them but not change them.
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
    checkWithoutTenant(request);
    await this.#manager.administration.setPolicy({ preventConcurrentLogin: concurrencyRule(request.body) });
    return DONE;
  }

  async idle(): Promise<Answer> {
    return answer(await idlePolicy(this.#manager));
  }

  async setIdle(request: Request): Promise<Answer> {
    checkWithoutTenant(request);
    await setIdlePolicy(this.#manager, idleSettings(request.body));
    return DONE;
  }
}

function checkWithoutTenant(request: Request): void {
  if (sessionOf(request).tenantId !== null) throw permissionMissing();
}
