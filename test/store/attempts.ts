import {
  FIRST_WAIT,
  FREE_FAILURES,
  KNOWN_ADDRESSES,
  LONGEST_WAIT,
  type SignInAttempts,
} from '../../lib/store/attempts';

const hash = (digit: string) => digit.repeat(64);
const ALICE = { account: hash('a'), address: hash('1') };
const STRANGER = { account: hash('a'), address: hash('2') };
const NOWHERE = { account: hash('a'), address: null };

/**
 * Registers the tests that every implementation of `SignInAttempts` must pass.
 * @param make returns an implementation without any attempts
 */
export function testSignInAttempts(make: () => SignInAttempts): void {
  const start = Date.UTC(2026, 0, 15, 12);
  let attempts: SignInAttempts;

  beforeEach(() => {
    attempts = make();
  });

  async function fail(times: number, attempt = STRANGER): Promise<void> {
    for (let i = 0; i < times; i++) expect(await attempts.begin(attempt, start)).toBe(0);
  }

  it('lets an account wait after 20 failures, twice as long after each further one, up to an hour', async () => {
    await fail(FREE_FAILURES);
    const waits: number[] = [];
    for (let at = start; waits.length < 9; at += waits.at(-1)!) {
      waits.push(await attempts.begin(STRANGER, at));
      expect(await attempts.begin(STRANGER, at + waits.at(-1)!)).toBe(0);
    }
    const doubled = [1, 2, 4, 8, 16, 32, 64, 128, 256].map((factor) => factor * FIRST_WAIT);
    expect(waits).toEqual(doubled.map((wait) => Math.min(wait, LONGEST_WAIT)));
  });

  it('returns the rest of the wait', async () => {
    await fail(FREE_FAILURES);
    expect(await attempts.begin(STRANGER, start + 1000)).toBe(FIRST_WAIT - 1000);
  });

  it('counts from any address, also unknown ones, and each account by itself', async () => {
    for (let i = 0; i < FREE_FAILURES; i++) {
      const address = i % 2 === 0 ? null : i.toString(16).padStart(64, '0');
      await attempts.begin({ account: ALICE.account, address }, start);
    }
    expect(await attempts.begin(NOWHERE, start)).toBe(FIRST_WAIT);
    expect(await attempts.begin({ ...NOWHERE, account: hash('b') }, start)).toBe(0);
  });

  it('lets one of many parallel attempts pass when a wait is over', async () => {
    await fail(FREE_FAILURES);
    const later = start + FIRST_WAIT;
    const waits = await Promise.all(Array.from({ length: 8 }, () => attempts.begin(STRANGER, later)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(1);
  });

  it('starts to count again after a success', async () => {
    await fail(FREE_FAILURES - 1);
    await attempts.begin(NOWHERE, start);
    await attempts.succeed(NOWHERE, start);
    await fail(FREE_FAILURES);
    expect(await attempts.begin(STRANGER, start)).toBe(FIRST_WAIT);
  });

  it('does not count attempts from an address of a success, and lets them pass while the account waits', async () => {
    await attempts.succeed(ALICE, start);
    await fail(FREE_FAILURES);
    expect(await attempts.begin(STRANGER, start)).toBe(FIRST_WAIT);
    await fail(50, ALICE);
    expect(await attempts.begin(STRANGER, start)).toBe(FIRST_WAIT);
    expect(await attempts.begin(NOWHERE, start)).toBe(FIRST_WAIT);
  });

  it('remembers the newest 20 addresses', async () => {
    await attempts.succeed(ALICE, start);
    const addresses = Array.from({ length: KNOWN_ADDRESSES }, (_, i) =>
      (i + 16).toString(16).padStart(64, '0'),
    );
    for (const address of addresses.slice(1)) await attempts.succeed({ ...ALICE, address }, start);
    await attempts.succeed(ALICE, start);
    await attempts.succeed({ ...ALICE, address: addresses[0]! }, start);
    await fail(FREE_FAILURES);
    await fail(1, ALICE);
    expect(await attempts.begin({ ...ALICE, address: addresses[2]! }, start)).toBe(0);
    await attempts.succeed({ ...ALICE, address: hash('f') }, start);
    await fail(FREE_FAILURES);
    expect(await attempts.begin({ ...ALICE, address: addresses[1]! }, start)).toBe(FIRST_WAIT);
  });

  it('takes a failure back with cancel, also the wait that it caused', async () => {
    await fail(FREE_FAILURES);
    await attempts.cancel(STRANGER);
    await fail(1);
    expect(await attempts.begin(STRANGER, start)).toBe(FIRST_WAIT);
  });

  it('takes nothing back with cancel for a known address, or for an unknown account', async () => {
    await attempts.succeed(ALICE, start);
    await fail(FREE_FAILURES);
    await attempts.begin(ALICE, start);
    await attempts.cancel(ALICE);
    expect(await attempts.begin(STRANGER, start)).toBe(FIRST_WAIT);
    await attempts.cancel({ ...ALICE, account: hash('b') });
  });
}
