import { displacedBy, sessionsOf, type Revocation } from '../session/revocation';
import { cutoffs } from '../session/lifetimes';
import type { IdentitySession } from '../session/session';
import type { EndReason } from '../session/end-reason';
import type { Settings } from '../options/settings';
import {
  checkedSignInRules,
  combinedSignInRules,
  readSignInRules,
  type SignInRulesInForce,
} from '../session/sign-in-rules';
import type { Admission, Policy } from '../store/store';

/** The sessions that a sign-in ends besides those that the rules displace. */
export interface Given {
  /** The session of the request. */
  readonly replaced?: Revocation | undefined;
  /** The ids of sessions that the user chose to end. */
  readonly chosen?: readonly string[] | undefined;
}

/**
 * Returns the conditions of a sign-in: the sessions that it ends, and the limits that it must respect.
 * @throws TypeError if the app's `rulesFor` returns invalid rules. Errors that `rulesFor` throws are passed on.
 */
export async function admissionOf(
  session: IdentitySession,
  { replaced, chosen = [] }: Given,
  policy: Policy,
  settings: Settings,
): Promise<Admission> {
  const { preventConcurrentLogin, limits } =
    session.actor === null ? await rulesFor(session, policy, settings) : UNLIMITED;
  const displaced = displacedBy(session, preventConcurrentLogin);
  const ending = (which: Revocation | undefined, reason: EndReason, by: string | null = null) =>
    which === undefined ? [] : [{ which, end: { at: session.signedIn, reason, by } }];
  const ended = chosen.length > 0 ? sessionsOf(session, chosen) : undefined;
  return {
    displaces: [
      ...ending(ended, 'revoked', session.userId),
      ...ending(replaced, 'replaced'),
      ...ending(displaced, 'displaced'),
    ],
    limits,
    cutoffs: cutoffs(settings.lifetimes, session.signedIn, policy.idleTimeout),
  };
}

/** The rules for an impersonation. The owner must not notice it by losing a session. */
const UNLIMITED: SignInRulesInForce = { preventConcurrentLogin: 'Disabled', limits: [] };

/** A stored policy replaces the options. The rules of the app's `rulesFor` apply in addition. */
async function rulesFor(
  { tenantId, userId, device, clientId }: IdentitySession,
  policy: Policy,
  settings: Settings,
): Promise<SignInRulesInForce> {
  const inForce = readSignInRules({ ...settings, ...policy });
  if (settings.rulesFor === undefined) return inForce;
  const own = await settings.rulesFor({ tenantId, userId, device, clientId });
  return combinedSignInRules(inForce, checkedSignInRules(own));
}
