import { invalidRequest } from '../../errors';
import type { IdentitySessionManager } from '../../manager/manager';

/**
 * The settings by which user interfaces sign out inactive users, in ABP's words. The user interface applies them; the
 * lifetimes of sessions hold regardless.
 */
export interface IdlePolicy {
  readonly enabled: boolean;
  readonly idleTimeoutMinutes: number;
  /** How long the user is warned before the sign-out. */
  readonly countdownSeconds: number;
}

/** The name under which the policy and sessions keep what this protocol stores. */
export const PROTOCOL = 'abp';

/** ABP's defaults. */
const DEFAULT: IdlePolicy = { enabled: false, idleTimeoutMinutes: 60, countdownSeconds: 60 };

/**
 * Returns the idle policy that applies on this node: the stored one, or ABP's defaults (disabled). The timeout is at most
 * the short lifetime.
 */
export async function idlePolicy(manager: IdentitySessionManager): Promise<IdlePolicy> {
  const { protocols } = await manager.administration.policyInForce();
  const { enabled, ...times } = {
    ...DEFAULT,
    ...(protocols[PROTOCOL] as { idle?: IdlePolicy } | undefined)?.idle,
  };
  const idleTimeoutMinutes = Math.min(times.idleTimeoutMinutes, longestTimeout(manager));
  const countdownSeconds = Math.min(times.countdownSeconds, idleTimeoutMinutes * 60);
  return { enabled, idleTimeoutMinutes, countdownSeconds };
}

/**
 * Stores the idle policy for all nodes. `null` removes the stored one, so that ABP's defaults apply again.
 * @throws SessionError `invalid-request` if a value is missing or out of range
 */
export async function setIdlePolicy(
  manager: IdentitySessionManager,
  policy: IdlePolicy | null,
): Promise<void> {
  const settings = policy && { idle: checkedPolicy(policy, longestTimeout(manager)) };
  await manager.administration.setPolicy({ protocols: { [PROTOCOL]: settings } });
}

/** The longest timeout in minutes. A user interface that signs out later than the server would promise too much. */
function longestTimeout({ settings }: IdentitySessionManager): number {
  return Math.max(1, Math.floor(settings.lifetimes.short / 60_000));
}

function checkedPolicy({ enabled, ...times }: IdlePolicy, longest: number): IdlePolicy {
  if (typeof enabled !== 'boolean') throw invalidRequest('enabled', '"enabled" must be true or false.');
  const idleTimeoutMinutes = whole('idleTimeoutMinutes', times.idleTimeoutMinutes, longest);
  const countdownSeconds = whole('countdownSeconds', times.countdownSeconds, idleTimeoutMinutes * 60);
  return { enabled, idleTimeoutMinutes, countdownSeconds };
}

function whole(name: string, value: number, max: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw invalidRequest(name, `"${name}" must be a whole number from 1 to ${max}.`);
}
