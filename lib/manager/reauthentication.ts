import { checkedAcr, checkedAmr, type GivenAssurance } from '../session/assurance';
import type { Settings } from '../options/settings';
import type { Raised } from '../store/store';
import { checkDate } from './new-session';

/** Describes an authentication of a user who is already signed in. Its assurance replaces the earlier one. */
export interface Authentication extends GivenAssurance {
  /** The time when the user was authenticated, for example an identity provider's `auth_time`. Default: `credentialsCheckedAt`. */
  readonly authenticatedAt?: Date | undefined;
  /**
   * The time when the app checked the password or the other credentials. If they changed after it, the call is refused with
   * `credential-changed`. Default: the arrival of the request if `signInLimiter` is mounted, and otherwise now.
   */
  readonly credentialsCheckedAt?: Date | undefined;
  /** The address of the request, for the trail. Default: unknown. */
  readonly ipAddress?: string | null | undefined;
}

/**
 * Returns the checked authentication as stores record it.
 * @param age The time since the request with the credentials arrived, in milliseconds, if it is known.
 * @throws SessionError `invalid-request`
 * @throws TypeError if a time is not a `Date`
 */
export function raisedBy(
  { acr, amr, authenticatedAt, credentialsCheckedAt, ipAddress }: Authentication,
  at: number,
  age = 0,
  { keptAddress }: Settings,
): Raised {
  checkDate('credentialsCheckedAt', credentialsCheckedAt);
  checkDate('authenticatedAt', authenticatedAt);
  const checked = Math.min(credentialsCheckedAt?.getTime() ?? Math.floor(at - age), at);
  return {
    at,
    credentialsCheckedAt: checked,
    // A time in the future would make the authentication count as recent for too long.
    authenticatedAt: Math.min(authenticatedAt?.getTime() ?? checked, at),
    acr: checkedAcr(acr),
    amr: checkedAmr(amr),
    from: keptAddress(ipAddress),
  };
}
