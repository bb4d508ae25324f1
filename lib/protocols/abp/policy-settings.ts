import type { Request } from 'express';

import { answer, DONE } from './answers';
import { concurrencyRule, idleSettings, sessionSettings } from './settings-body';
import type { Answer } from '../../http/dialect';
import type { Administration } from '../../manager/administration';
import { sessionOf } from '../../http/request';
import { permissionMissing } from './permission';

/**
 * Behind the permission: the rules that administrators set. They hold for everybody, so a tenant's administrators may see
 * them and no more.
 */
export class PolicySettings {
  readonly #administration: Administration;

  constructor(administration: Administration) {
    this.#administration = administration;
  }

  async session(): Promise<Answer> {
    const { preventConcurrentLogin } = await this.#administration.policyInForce();
    return answer(sessionSettings(preventConcurrentLogin));
  }

  async setSession(request: Request): Promise<Answer> {
    insistOnHost(request);
    await this.#administration.setPolicy({ preventConcurrentLogin: concurrencyRule(request.body) });
    return DONE;
  }

  async idle(): Promise<Answer> {
    return answer((await this.#administration.policyInForce()).idle);
  }

  async setIdle(request: Request): Promise<Answer> {
    insistOnHost(request);
    await this.#administration.setPolicy({ idle: idleSettings(request.body) });
    return DONE;
  }
}

function insistOnHost(request: Request): void {
  if (sessionOf(request).tenantId !== null) throw permissionMissing();
}
