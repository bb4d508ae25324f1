import { displacedBy, type Revocation } from '../session/revocation';
import { cutoffs } from '../session/lifetimes';
import type { IdentitySession } from '../session/session';
import type { EndReason } from '../session/end-reason';
import type { Settings } from '../options/settings';
import { checkedSignInRules, combinedSignInRules, type SignInRulesInForce } from '../session/sign-in-rules';
import type { Admission, Policy } from '../store/store';

/**
 * Under what conditions a sign-in is let in: what it ends, and the limits that it meets.
 * @throws TypeError when the app's `rulesFor` answers what is no rule; whatever it throws itself
 */
export async function admissionOf(
  newcomer: IdentitySession,
  replaced: Revocation | undefined,
  policy: Policy,
  settings: Settings,
): Promise<Admission> {
  const { preventConcurrentLogin, limits } = await rulesFor(newcomer, policy, settings);
  const displaced = displacedBy(newcomer, preventConcurrentLogin);
  const ending = (which: Revocation | undefined, reason: EndReason) =>
    which === undefined ? [] : [{ which, end: { at: newcomer.signedIn, reason, by: null } }];
  return {
    displaces: [...ending(replaced, 'replaced'), ...ending(displaced, 'displaced')],
    limits,
    cutoffs: cutoffs(settings.lifetimes, newcomer.signedIn),
  };
}

/** What administrators have set takes the place of the option; the app's own rules go beside it. */
async function rulesFor(
  { tenantId, userId, device, clientId }: IdentitySession,
  policy: Policy,
  settings: Settings,
): Promise<SignInRulesInForce> {
  const { preventConcurrentLogin = settings.rules.preventConcurrentLogin } = policy;
  const inForce = { ...settings.rules, preventConcurrentLogin };
  if (settings.rulesFor === undefined) return inForce;
  const own = await settings.rulesFor({ tenantId, userId, device, clientId });
  return combinedSignInRules(inForce, checkedSignInRules(own));
}
