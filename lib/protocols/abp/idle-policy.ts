import { invalidRequest } from '../../errors';
import type { IdentitySessionManager } from '../../manager/manager';
import { wholeNumber } from '../../session/whole-number';

/**
 * The settings by which user interfaces sign out inactive users. The user interface applies them. They do not change the
 * lifetimes of sessions.
 */
export interface IdlePolicy {
  readonly enabled: boolean;
  readonly idleTimeoutMinutes: number;
  /** How long the user is warned before the sign-out. */
  readonly countdownSeconds: number;
}

/** The name under which the store keeps the settings of this protocol. */
const PROTOCOL = 'abp';

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
  const idleTimeoutMinutes = wholeNumber('idleTimeoutMinutes', times.idleTimeoutMinutes, 1, longest);
  const countdownSeconds = wholeNumber(
    'countdownSeconds',
    times.countdownSeconds,
    1,
    idleTimeoutMinutes * 60,
  );
  return { enabled, idleTimeoutMinutes, countdownSeconds };
}
