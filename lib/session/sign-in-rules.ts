import { limit, oneOf } from '../options/checks';
import { readOptions, type OptionTable, type OptionValues } from '../options/reader';
import { CONCURRENCY, type PreventConcurrentLogin } from './revocation';
import type { IdentitySession } from './session';

/** How many live sessions an owner may have, and what becomes of one more. */
export interface SessionLimit {
  readonly max: number;
  /** `client` counts only sessions of the newcomer's client, `device` those of its kind of device. */
  readonly per: 'user' | 'client' | 'device';
  /** `endOldest` makes room by ending those that signed in first; `refuse` turns the new one away. */
  readonly onLimit: 'endOldest' | 'refuse';
}

/** Rules about the sessions that a user has at a time. What is absent sets no limit. */
export interface SignInRules {
  /** What a sign-in does to the user's other sessions. */
  readonly preventConcurrentLogin?: PreventConcurrentLogin | undefined;
  /** How many live sessions the user may have. */
  readonly maxSessionsPerUser?: number | undefined;
  /** The same with the client of the sign-in. */
  readonly maxSessionsPerClient?: number | undefined;
  /** The same on its kind of device. */
  readonly maxSessionsPerDevice?: number | undefined;
  /** Beyond these limits: `endOldest`, the default, makes room, `refuse` turns the sign-in away. */
  readonly onLimit?: SessionLimit['onLimit'] | undefined;
}

/** Who signs in with what, for rules that depend on it. */
export type SigningIn = Pick<IdentitySession, 'tenantId' | 'userId' | 'device' | 'clientId'>;

/** An app's own rules for a sign-in. What it throws fails the sign-in. */
export type RulesFor = (newcomer: SigningIn) => SignInRules | undefined | Promise<SignInRules | undefined>;

/** Rules as a sign-in is checked by. */
export interface SignInRulesInForce {
  readonly preventConcurrentLogin: PreventConcurrentLogin;
  readonly limits: readonly SessionLimit[];
}

/** The default and the check of each rule. */
export const SIGN_IN_RULES = {
  preventConcurrentLogin: { default: 'Disabled', check: oneOf(...CONCURRENCY) },
  maxSessionsPerUser: { default: Infinity, check: limit(1_000_000) },
  maxSessionsPerClient: { default: Infinity, check: limit(1_000_000) },
  maxSessionsPerDevice: { default: Infinity, check: limit(1_000_000) },
  onLimit: { default: 'endOldest', check: oneOf('endOldest', 'refuse') },
} satisfies OptionTable<SignInRules>;

/** Returns the rules of the manager's options in the form that a sign-in is checked by. */
export function readSignInRules(values: OptionValues<typeof SIGN_IN_RULES>): SignInRulesInForce {
  const { preventConcurrentLogin, onLimit } = values;
  const limits = LIMITS.map(({ per, option }) => ({ per, max: values[option], onLimit }));
  return { preventConcurrentLogin, limits: limits.filter(({ max }) => max !== Infinity) };
}

/**
 * Checks the rules that the app's `rulesFor` returned.
 * @throws TypeError that lists every invalid rule
 */
export function checkedSignInRules(rules: SignInRules = {}): SignInRulesInForce {
  return readSignInRules(readOptions(rules, SIGN_IN_RULES, { heading: '`rulesFor` returned invalid rules' }));
}

/** All of the rules at once: the strictest wins. A limit that refuses is looked at before one that would make room. */
export function combinedSignInRules(...all: readonly SignInRulesInForce[]): SignInRulesInForce {
  const strictness = Math.max(...all.map((rules) => CONCURRENCY.indexOf(rules.preventConcurrentLogin)));
  const limits = all.flatMap((rules) => rules.limits);
  return {
    preventConcurrentLogin: CONCURRENCY[strictness] ?? 'Disabled',
    limits: [...limits].sort(
      (one, other) => Number(other.onLimit === 'refuse') - Number(one.onLimit === 'refuse'),
    ),
  };
}

const LIMITS = [
  { per: 'client', option: 'maxSessionsPerClient' },
  { per: 'device', option: 'maxSessionsPerDevice' },
  { per: 'user', option: 'maxSessionsPerUser' },
] as const;
