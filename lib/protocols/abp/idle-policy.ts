import { invalidRequest } from '../../errors';
import type { IdentitySessionManager } from '../../manager/manager';
import { wholeNumber } from '../../session/whole-number';

/**
 * The settings by which inactive users are signed out, unless they stay signed in. User interfaces warn the user after
 * `idleTimeoutMinutes`, and sign out after the countdown. While the policy is enabled, the server ends a session that was not
 * used for both times together. They replace `shortLifetime`.
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

/** One year. ABP's own pages offer up to one day and any other number. */
const MOST_MINUTES = 525_600;

/**
 * Returns the idle policy that applies on this node: the stored one, or ABP's defaults (disabled). Both times together are at
 * most the long lifetime of this node, because a user interface that signs out later than the server would promise too much.
 */
export async function idlePolicy(manager: IdentitySessionManager): Promise<IdlePolicy> {
  const { protocols } = await manager.administration.policyInForce();
  const stored = (protocols[PROTOCOL] as { idle?: IdlePolicy } | undefined)?.idle;
  const { enabled, ...times } = { ...DEFAULT, ...stored };
  const longest = Math.floor(manager.settings.lifetimes.long / 1000);
  const countdownSeconds = Math.min(times.countdownSeconds, Math.max(1, Math.floor(longest / 2)));
  const mostMinutes = Math.max(1, Math.floor((longest - countdownSeconds) / 60));
  return { enabled, idleTimeoutMinutes: Math.min(times.idleTimeoutMinutes, mostMinutes), countdownSeconds };
}

/**
 * Stores the idle policy for all nodes. The sessions of all nodes follow it within the lease. `null` removes the stored one, so
 * that ABP's defaults and `shortLifetime` apply again.
 * @throws SessionError `invalid-request` if a value is missing or out of range
 */
export async function setIdlePolicy(
  manager: IdentitySessionManager,
  policy: IdlePolicy | null,
): Promise<void> {
  const idle = policy && checkedPolicy(policy);
  await manager.administration.setPolicy({
    idleTimeout: idle?.enabled ? (idle.idleTimeoutMinutes * 60 + idle.countdownSeconds) * 1000 : null,
    protocols: { [PROTOCOL]: idle && { idle } },
  });
}

/** The idle policy under the names that ABP's user interfaces read. */
export interface IdleSettingValues {
  readonly 'Abp.Account.Idle.Enabled': 'true' | 'false';
  readonly 'Abp.Account.Idle.IdleTimeoutMinutes': string;
  readonly 'Abp.Account.Idle.CountdownSeconds': string;
}

/**
 * Returns the idle policy as ABP's user interfaces read it: add it to `setting.values` of your app's response to
 * `GET /api/abp/application-configuration`.
 */
export async function idleSettingValues(manager: IdentitySessionManager): Promise<IdleSettingValues> {
  const { enabled, idleTimeoutMinutes, countdownSeconds } = await idlePolicy(manager);
  return {
    'Abp.Account.Idle.Enabled': enabled ? 'true' : 'false',
    'Abp.Account.Idle.IdleTimeoutMinutes': String(idleTimeoutMinutes),
    'Abp.Account.Idle.CountdownSeconds': String(countdownSeconds),
  };
}

function checkedPolicy({ enabled, ...times }: IdlePolicy): IdlePolicy {
  if (typeof enabled !== 'boolean') throw invalidRequest('enabled', '"{name}" must be true or false.');
  const idleTimeoutMinutes = wholeNumber('idleTimeoutMinutes', times.idleTimeoutMinutes, 1, MOST_MINUTES);
  const countdownSeconds = wholeNumber(
    'countdownSeconds',
    times.countdownSeconds,
    1,
    idleTimeoutMinutes * 60,
  );
  return { enabled, idleTimeoutMinutes, countdownSeconds };
}
