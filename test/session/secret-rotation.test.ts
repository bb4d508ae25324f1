import fc from 'fast-check';

import { sessionSecretHash, mintSalt, mintSecret, successorOf } from '../../lib/session/credentials';
import {
  changedSecret,
  firstSecret,
  isLate,
  judgeSecret,
  MOST_GIVEN_AGAIN,
  renewsGrace,
  secretDueAt,
  secretStateOf,
  type Renewal,
  type RotationRules,
  type SecretChange,
  type SecretState,
} from '../../lib/session/secret-rotation';
import { DAY } from '../support/sessions';

const SECOND = 1000;
const GRACE = 60 * SECOND;
const RULES: RotationRules = { rotateAfter: DAY, rotationGrace: GRACE };
const SIGNED_IN = Date.UTC(2026, 0, 15, 12);

const first = mintSecret();
const salt = mintSalt();
const second = successorOf(first, salt);
const third = successorOf(second, mintSalt());
const foreign = mintSecret();

const atSignIn: SecretState = { signedIn: SIGNED_IN, ...firstSecret(first) };

function after(state: SecretState, change: SecretChange): SecretState {
  const changed = changedSecret(state, change);
  if (changed === undefined) throw new Error(`${change.type} does not apply`);
  return changed;
}

const ROTATED_AT = SIGNED_IN + DAY;
const rotation = (from: string, to: string, at: number): SecretChange => ({
  type: 'rotate',
  from: sessionSecretHash(from),
  to: sessionSecretHash(to),
  salt,
  at,
  issuedBefore: at - GRACE,
});
const confirmation = (of: string, at: number): SecretChange => ({
  type: 'confirm',
  from: sessionSecretHash(of),
  at,
  issuedBefore: at - GRACE,
});
const replacement = (from: string, to: string, at: number): SecretChange => ({
  type: 'replace',
  from: sessionSecretHash(from),
  to: sessionSecretHash(to),
  at,
  earlierAssurance: { acr: 'low' },
});

const rotated = after(atSignIn, rotation(first, second, ROTATED_AT));
const CONFIRMED_AT = ROTATED_AT + GRACE;
const confirmed = after(rotated, confirmation(second, CONFIRMED_AT));
const rotatedTwice = after(confirmed, rotation(second, third, ROTATED_AT + DAY));
const raised = after(atSignIn, replacement(first, second, ROTATED_AT));
const raisedAndConfirmed = after(raised, confirmation(second, CONFIRMED_AT));
const raisedSoon = after(rotated, replacement(second, third, ROTATED_AT + 1));
const hexadecimal: SecretState = { signedIn: SIGNED_IN, ...firstSecret(mintSecret('hex')) };

describe('judgeSecret', () => {
  it.each<[string, SecretState, string, number, Renewal, string]>([
    ['the first secret', atSignIn, first, SIGNED_IN, 'when-due', 'current'],
    ['the first secret just before its age', atSignIn, first, ROTATED_AT - 1, 'when-due', 'current'],
    ['the first secret at its age', atSignIn, first, ROTATED_AT, 'when-due', 'current-and-due'],
    [
      'an old secret in a request that cannot carry a new one',
      atSignIn,
      first,
      ROTATED_AT,
      'never',
      'current',
    ],
    ['a young secret in an autologin', atSignIn, first, SIGNED_IN, 'always', 'current-and-due'],
    ['a secret of another session', atSignIn, foreign, SIGNED_IN, 'always', 'wrong'],
    ['a secret of the family that was never issued', atSignIn, second, SIGNED_IN, 'always', 'wrong'],

    ['the new secret within the grace period', rotated, second, CONFIRMED_AT - 1, 'when-due', 'current'],
    [
      'the new secret in an autologin within the grace period',
      rotated,
      second,
      CONFIRMED_AT - 1,
      'always',
      'current',
    ],
    [
      'the new secret after the grace period',
      rotated,
      second,
      CONFIRMED_AT,
      'when-due',
      'current-and-confirms',
    ],
    [
      'the new secret after it, without a carrier',
      rotated,
      second,
      CONFIRMED_AT,
      'never',
      'current-and-confirms',
    ],
    ['the new secret in an autologin after it', rotated, second, CONFIRMED_AT, 'always', 'current-and-due'],
    ['the unconfirmed secret at its age', rotated, second, ROTATED_AT + DAY, 'when-due', 'current-and-due'],
    [
      'the unconfirmed secret at its age, without a carrier',
      rotated,
      second,
      ROTATED_AT + DAY,
      'never',
      'current-and-confirms',
    ],
    ['the earlier secret', rotated, first, ROTATED_AT, 'when-due', 'earlier'],
    ['the earlier secret days later', rotated, first, ROTATED_AT + 5 * DAY, 'never', 'earlier'],
    ['a secret of another session after a rotation', rotated, foreign, CONFIRMED_AT, 'when-due', 'wrong'],
    ['a secret of the family that is neither', rotated, third, ROTATED_AT, 'when-due', 'reused'],

    ['the confirmed secret', confirmed, second, CONFIRMED_AT, 'when-due', 'current'],
    ['the confirmed secret in an autologin', confirmed, second, CONFIRMED_AT, 'always', 'current-and-due'],
    ['the earlier secret after the confirmation', confirmed, first, CONFIRMED_AT, 'when-due', 'reused'],
    ['the earlier secret after it, without a carrier', confirmed, first, CONFIRMED_AT, 'never', 'reused'],
    ['a secret of another session after it', confirmed, foreign, CONFIRMED_AT, 'when-due', 'wrong'],
    ['the secret before the earlier one', rotatedTwice, first, ROTATED_AT + DAY, 'when-due', 'reused'],

    [
      'the secret before the user authenticated again',
      raised,
      first,
      CONFIRMED_AT - 1,
      'when-due',
      'earlier-without-successor',
    ],
    ['the same after the grace period', raised, first, CONFIRMED_AT, 'when-due', 'wrong'],
    ['the same after the confirmation', raisedAndConfirmed, first, CONFIRMED_AT, 'when-due', 'reused'],
    [
      'the secret after the user authenticated again',
      raised,
      second,
      CONFIRMED_AT,
      'when-due',
      'current-and-confirms',
    ],
    [
      'a secret of two changes ago that was not confirmed',
      raisedSoon,
      first,
      ROTATED_AT + 2,
      'when-due',
      'earlier-without-successor',
    ],
    ['the secret between them', raisedSoon, second, ROTATED_AT + 2, 'when-due', 'earlier-without-successor'],

    [
      'a wrong secret of the form hex',
      hexadecimal,
      mintSecret('hex'),
      SIGNED_IN + 9 * DAY,
      'always',
      'wrong',
    ],
    ['an empty secret', rotated, '', CONFIRMED_AT, 'always', 'wrong'],
  ])('judges %s', (_, state, secret, now, renewal, verdict) => {
    expect(judgeSecret(state, secret, now, { ...RULES, renewal })).toBe(verdict);
  });

  it('never rotates a secret of the form hex, nor one of a session whose secret stays the same', () => {
    const hex = mintSecret('hex');
    for (const [secret, rotates] of [
      [hex, true],
      [first, false],
    ] as const) {
      const state = { signedIn: SIGNED_IN, ...firstSecret(secret, { rotates }) };
      const rules = { ...RULES, renewal: 'always' } as const;
      expect(judgeSecret(state, secret, SIGNED_IN + 9 * DAY, rules)).toBe('current');
      expect(secretDueAt(state, RULES)).toBe(Infinity);
    }
  });

  it('never rotates if rotation is off, but still confirms and finds reused secrets', () => {
    const off = { ...RULES, rotateAfter: Infinity, renewal: 'always' } as const;
    expect(judgeSecret(atSignIn, first, SIGNED_IN + 9 * DAY, off)).toBe('current');
    expect(judgeSecret(rotated, second, CONFIRMED_AT, off)).toBe('current-and-confirms');
    expect(judgeSecret(confirmed, first, CONFIRMED_AT, off)).toBe('reused');
  });
});

describe('secretDueAt', () => {
  it('is the first time at which the current secret can have another verdict than current', () => {
    for (const [state, secret] of [
      [atSignIn, first],
      [rotated, second],
      [confirmed, second],
      [raised, second],
    ] as const) {
      const due = secretDueAt(state, RULES);
      const at = (now: number) => judgeSecret(state, secret, now, { ...RULES, renewal: 'when-due' });
      expect(at(due - 1)).toBe('current');
      expect(at(due)).not.toBe('current');
    }
  });
});

describe('renewsGrace', () => {
  it('is true once a quarter of the grace period has passed, a limited number of times', () => {
    expect(renewsGrace(rotated, ROTATED_AT + GRACE / 4, RULES)).toBe(false);
    expect(renewsGrace(rotated, ROTATED_AT + GRACE / 4 + 1, RULES)).toBe(true);
    const often = { ...rotated, secretGivenAgain: MOST_GIVEN_AGAIN };
    expect(renewsGrace(often, ROTATED_AT + GRACE, RULES)).toBe(false);
  });

  it('lets a thief who goes on using an earlier secret delay its discovery for a limited time', () => {
    let state = rotated;
    let now = ROTATED_AT;
    while (judgeSecret(state, first, now, { ...RULES, renewal: 'when-due' }) === 'earlier') {
      if (renewsGrace(state, now, RULES))
        state = after(state, { type: 'give-again', from: sessionSecretHash(second), at: now });
      const owner = judgeSecret(state, second, now, { ...RULES, renewal: 'never' });
      if (owner === 'current-and-confirms') state = after(state, confirmation(second, now));
      now += GRACE - 1;
    }
    expect(now - ROTATED_AT).toBeLessThanOrEqual((MOST_GIVEN_AGAIN + 3) * GRACE);
  });
});

describe('isLate', () => {
  it('is true after a quarter of the grace period', () => {
    expect([isLate(GRACE / 4, RULES), isLate(GRACE / 4 + 1, RULES)]).toEqual([false, true]);
  });
});

describe('secretStateOf', () => {
  it('returns only the facts about secrets', () => {
    expect(secretStateOf({ ...rotated, userId: 'alice' } as SecretState)).toEqual(rotated);
  });
});

/** Browsers write cookies to disk with this delay, and lose those that they have not written when they crash. */
const LONGEST_FLUSH = 30 * SECOND;

interface Page {
  /** The time since the page before. */
  readonly after: number;
  /** The browser crashes before it loads this page. */
  readonly crashes: boolean;
  readonly requests: readonly {
    /** The time until the request arrives. */
    readonly arrives: number;
    /** The time until the response arrives, or null if it is lost. */
    readonly answered: number | null;
    readonly renewal: Renewal;
    /** The time until the browser has written a cookie of this response to disk. */
    readonly flushed: number;
  }[];
}

const duration = fc.oneof(fc.nat(20 * SECOND), fc.nat(3 * GRACE), fc.nat(2 * DAY));
const pages: fc.Arbitrary<readonly Page[]> = fc.array(
  fc.record({
    after: duration,
    crashes: fc.boolean(),
    requests: fc.array(
      fc.record({
        arrives: fc.nat(5 * SECOND),
        answered: fc.option(fc.nat(10 * SECOND), { freq: 2 }),
        renewal: fc.constantFrom<Renewal>('never', 'when-due', 'when-due', 'always'),
        flushed: fc.oneof(fc.constant(LONGEST_FLUSH), fc.nat(LONGEST_FLUSH)),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  }),
  { minLength: 1, maxLength: 40 },
);

/** Lets one browser load pages of one session, and returns the verdicts about its requests. */
function verdictsOf(loaded: readonly Page[], rules: RotationRules, renews = renewsGrace): string[] {
  let state = atSignIn;
  let now = SIGNED_IN;
  let jar: string = first;
  let written: readonly { readonly secret: string; readonly at: number }[] = [
    { secret: first, at: SIGNED_IN },
  ];
  let browser = 0;
  let events: { readonly at: number; readonly act: () => void }[] = [];
  const verdicts: string[] = [];

  function apply(change: SecretChange): boolean {
    const changed = changedSecret(state, change);
    state = changed ?? state;
    return changed !== undefined;
  }

  /** The decisions of the manager for one request, without a database. */
  function newSecretFor(secret: string, renewal: Renewal): string | undefined {
    const verdict = judgeSecret(state, secret, now, { ...rules, renewal });
    verdicts.push(verdict);
    const at = now;
    const issuedBefore = now - rules.rotationGrace;
    const from = state.secretHash;
    if (verdict === 'current-and-confirms') apply({ type: 'confirm', from, at, issuedBefore });
    if (verdict === 'current-and-due') {
      const next = mintSalt();
      const to = sessionSecretHash(successorOf(secret, next));
      expect(apply({ type: 'rotate', from, to, salt: next, at, issuedBefore })).toBe(true);
      return successorOf(secret, next);
    }
    if (verdict !== 'earlier' || renewal === 'never') return undefined;
    const again = successorOf(secret, state.secretSalt!);
    expect(sessionSecretHash(again)).toBe(state.secretHash);
    if (renews(state, now, rules)) apply({ type: 'give-again', from, at });
    return again;
  }

  function runUntil(end: number): void {
    for (;;) {
      const due = events.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
      if (due === undefined) break;
      events = events.filter((event) => event !== due);
      now = due.at;
      due.act();
    }
    now = end;
  }

  for (const { after: pause, crashes, requests } of loaded) {
    runUntil(now + pause);
    if (crashes) {
      browser++;
      written = written.filter(({ at }) => at <= now);
      jar = written.at(-1)!.secret;
    }
    for (const { arrives, answered, renewal, flushed } of requests) {
      const [secret, of] = [jar, browser];
      const arrive = () => {
        const given = newSecretFor(secret, renewal);
        if (given === undefined || answered === null) return;
        const receive = () => {
          if (of !== browser) return;
          jar = given;
          written = [...written, { secret: given, at: now + flushed }];
        };
        events.push({ at: now + answered, act: receive });
      };
      events.push({ at: now + arrives, act: arrive });
    }
  }
  runUntil(now + DAY);
  return verdicts;
}

describe('rotation with an honest browser', () => {
  const ACCEPTED = ['current', 'current-and-confirms', 'current-and-due', 'earlier'];

  it('accepts every request, with parallel requests, lost responses, and crashes that lose the newest cookie', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(pages, (loaded) => {
        for (const verdict of verdictsOf(loaded, RULES)) {
          seen.add(verdict);
          expect(ACCEPTED).toContain(verdict);
        }
      }),
      { numRuns: 1000 },
    );
    expect([...seen].sort()).toEqual([...ACCEPTED].sort());
  });

  it.each<[string, RotationRules, typeof renewsGrace]>([
    ['the first use of the new secret confirms it', { ...RULES, rotationGrace: 0 }, renewsGrace],
    [
      'the grace period is shorter than the time in which a browser loses cookies',
      { ...RULES, rotationGrace: 20 * SECOND },
      renewsGrace,
    ],
    ['the grace period does not start anew when the secret is given again', RULES, () => false],
  ])('refuses an honest request if %s', (_, rules, renews) => {
    const property = fc.property(pages, (loaded) => {
      for (const verdict of verdictsOf(loaded, rules, renews)) expect(ACCEPTED).toContain(verdict);
    });
    expect(fc.check(property, { numRuns: 3000, seed: 1 }).failed).toBe(true);
  });
});
