import { limit, oneOf } from '../options/checks';
import { readOptions, type OptionTable, type OptionValues } from '../options/reader';
import { CONCURRENCY, type PreventConcurrentLogin } from './revocation';
import type { IdentitySession } from './session';

/** A limit on the live sessions of a user. */
export interface SessionLimit {
  /** The maximum number of live sessions. */
  readonly max: number;
  /** The sessions that count: all sessions of the user, or only those with the client or device type of the sign-in. */
  readonly per: 'user' | 'client' | 'device';
  /**
   * `endOldest` ends the sessions that signed in first. `refuse` refuses the sign-in. `ask` refuses it too, but its user may end
   * sessions of their choice and continue.
   */
  readonly onLimit: 'endOldest' | 'refuse' | 'ask';
}

/** Rules for the sessions that a user has at the same time. A missing rule sets no limit. */
export interface SignInRules {
  /**
   * The user's other sessions that a sign-in ends: `LogoutFromSameTypeDevices`, `LogoutFromAllDevices`, or `Disabled` for
   * no session (the default). [Abp.Identity.PreventConcurrentLogin]
   */
  readonly preventConcurrentLogin?: PreventConcurrentLogin | undefined;
  /** The maximum number of live sessions of a user. Default `Infinity`. [sessiond.maxSessionPerUser] */
  readonly maxSessionsPerUser?: number | undefined;
  /** The maximum number of live sessions of a user with one client. Default `Infinity`. [sessiond.maxSessionPerClient] */
  readonly maxSessionsPerClient?: number | undefined;
  /** The maximum number of live sessions of a user on one type of device. Default `Infinity`. */
  readonly maxSessionsPerDevice?: number | undefined;
  /**
   * The reaction to a sign-in beyond these limits: `endOldest` ends the sessions that signed in first (the default),
   * `refuse` refuses the sign-in, and `ask` lets its user choose the sessions to end. Only sign-ins through `createSignIn` ask;
   * others are refused.
   */
  readonly onLimit?: SessionLimit['onLimit'] | undefined;
}

/** The user, tenant, device type and client of a sign-in. */
export type SigningIn = Pick<IdentitySession, 'tenantId' | 'userId' | 'device' | 'clientId'>;

/** Returns an app's own rules for a sign-in. If it throws, the sign-in fails with the same error. */
export type RulesFor = (signingIn: SigningIn) => SignInRules | undefined | Promise<SignInRules | undefined>;

/** The rules that a sign-in is checked against, with all defaults. */
export interface SignInRulesInForce {
  readonly preventConcurrentLogin: PreventConcurrentLogin;
  readonly limits: readonly SessionLimit[];
}

/** The largest limit of a user's live sessions, except `Infinity`. */
export const LARGEST_LIMIT = 1_000_000;

/** The default and the check of each rule. */
export const SIGN_IN_RULES = {
  preventConcurrentLogin: { default: 'Disabled', check: oneOf(...CONCURRENCY) },
  maxSessionsPerUser: { default: Infinity, check: limit(LARGEST_LIMIT) },
  maxSessionsPerClient: { default: Infinity, check: limit(LARGEST_LIMIT) },
  maxSessionsPerDevice: { default: Infinity, check: limit(LARGEST_LIMIT) },
  onLimit: { default: 'endOldest', check: oneOf('endOldest', 'refuse', 'ask') },
} satisfies OptionTable<SignInRules>;

/** The names of the limits of a user's live sessions. */
export const SESSION_LIMITS = ['maxSessionsPerUser', 'maxSessionsPerClient', 'maxSessionsPerDevice'] as const;

/** Returns the rules among the manager's options. */
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

/**
 * Returns rules that contain all given rules. The strictest `preventConcurrentLogin` wins. All limits apply. Limits that
 * refuse are checked before limits that ask, and these before limits that end sessions.
 */
export function combinedSignInRules(...all: readonly SignInRulesInForce[]): SignInRulesInForce {
  const strictness = Math.max(...all.map((rules) => CONCURRENCY.indexOf(rules.preventConcurrentLogin)));
  const limits = all.flatMap((rules) => rules.limits);
  return {
    preventConcurrentLogin: CONCURRENCY[strictness] ?? 'Disabled',
    limits: [...limits].sort((one, other) => CHECKED.indexOf(one.onLimit) - CHECKED.indexOf(other.onLimit)),
  };
}

/** The order in which limits are checked. */
const CHECKED: readonly SessionLimit['onLimit'][] = ['refuse', 'ask', 'endOldest'];

/** Returns true if the limit counts the session together with a sign-in. Impersonations count for no limit. */
export function countsWith(
  session: Pick<IdentitySession, 'actor' | 'clientId' | 'device'>,
  signIn: Pick<IdentitySession, 'clientId' | 'device'>,
  per: SessionLimit['per'],
): boolean {
  if (session.actor !== null) return false;
  switch (per) {
    case 'user':
      return true;
    case 'client':
      return session.clientId === signIn.clientId;
    case 'device':
      return session.device === signIn.device;
  }
}

const LIMITS = [
  { per: 'client', option: 'maxSessionsPerClient' },
  { per: 'device', option: 'maxSessionsPerDevice' },
  { per: 'user', option: 'maxSessionsPerUser' },
] as const;
