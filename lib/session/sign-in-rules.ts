import { type Names, throwIfAny, OptionReader } from '../options/reader';
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

/** Reads the rules that stand among other options. */
export function readSignInRules(read: OptionReader): SignInRulesInForce {
  const onLimit = read.oneOf('onLimit', ['endOldest', 'refuse']);
  return {
    preventConcurrentLogin: read.oneOf('preventConcurrentLogin', CONCURRENCY),
    limits: LIMITS.filter(({ option }) => read.value(option) !== Infinity).map(({ per, option }) => ({
      per,
      max: read.count(option, 1, 1_000_000),
      onLimit,
    })),
  };
}

/**
 * The same of what an app's function answers.
 * @throws TypeError that lists what is wrong with them
 */
export function checkedSignInRules(rules: SignInRules = {}): SignInRulesInForce {
  const problems: string[] = [];
  const read = new OptionReader(rules, NO_RULES, '', problems);
  read.nothingBut(RULES);
  const compiled = readSignInRules(read);
  throwIfAny(problems, '`rulesFor` answered what is no rule');
  return compiled;
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

const NO_RULES = {
  preventConcurrentLogin: 'Disabled',
  maxSessionsPerUser: Infinity,
  maxSessionsPerClient: Infinity,
  maxSessionsPerDevice: Infinity,
  onLimit: 'endOldest',
} as const satisfies Required<SignInRules>;

const RULES: Names<SignInRules> = {
  preventConcurrentLogin: true,
  maxSessionsPerUser: true,
  maxSessionsPerClient: true,
  maxSessionsPerDevice: true,
  onLimit: true,
};
