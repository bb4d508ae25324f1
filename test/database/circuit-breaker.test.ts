import { SessionError } from '../../lib/errors';
import { CircuitBreaker } from '../../lib/database/circuit-breaker';
import { FakeClock } from '../support/clock';
import { turns } from '../support/gate';

let clock: FakeClock;
let breaker: CircuitBreaker;
let probes: { answer: () => void; fail: () => void }[];

beforeEach(() => {
  clock = new FakeClock();
  probes = [];
  const probe = () =>
    new Promise<void>((resolve, reject) => {
      probes.push({ answer: resolve, fail: () => reject(new Error('still away')) });
    });
  breaker = new CircuitBreaker(probe, clock);
});

const away = new SessionError('store-unavailable', 'away', { cause: new Error('timeout') });
const contention = new SessionError('store-unavailable', 'busy', {
  cause: Object.assign(new Error('deadlock'), { code: '40P01' }),
});

async function fail(times: number, error: Error = away): Promise<void> {
  for (let i = 0; i < times; i++) {
    await expect(breaker.run(() => Promise.reject(error))).rejects.toBe(error);
  }
}

/** Runs an act that would succeed, and tells whether it was let through. */
async function tried(): Promise<boolean> {
  const running = breaker.run(() => Promise.resolve(true)).catch(() => false);
  await turns();
  clock.advance(5);
  return running;
}

describe('a database that does not answer', () => {
  it('counts as away after three failures in a row; then nobody waits for it', async () => {
    await fail(2);
    expect(await tried()).toBe(true);
    await fail(3);
    expect(breaker.open).toBe(true);
    let asked = 0;
    const refused = breaker.run(async () => asked++);
    const refusal = expect(refused).rejects.toMatchObject({ code: 'store-unavailable', retryAfter: 1 });
    await turns();
    clock.advance(5);
    await refusal;
    expect(asked).toBe(0);
  });

  it('does not, while it says what is wrong, or only has too much to do with one row', async () => {
    await fail(10, contention);
    await fail(10, new Error('syntax error'));
    expect(breaker.open).toBe(false);
  });

  it('is probed once at a time, however many ask, and not all the time', async () => {
    await fail(3);
    const refused = await Promise.all(Array.from({ length: 100 }, tried));
    expect(refused).not.toContain(true);
    expect(probes).toHaveLength(1);
    probes[0]!.fail();
    await turns();
    await tried();
    expect(probes).toHaveLength(1);
    clock.advance(250);
    await tried();
    expect(probes).toHaveLength(2);
  });

  it('is not probed when nobody asks', async () => {
    await fail(3);
    clock.advance(3_600_000);
    await turns();
    expect(probes).toHaveLength(0);
  });

  it('is back when it answers a probe: whoever waits for that passes', async () => {
    await fail(3);
    const waiting = breaker.run(() => Promise.resolve('passed'));
    await turns();
    probes[0]!.answer();
    expect(await waiting).toBe('passed');
    expect(breaker.open).toBe(false);
  });

  it('is back as well when something that was asked before is answered late', async () => {
    let answer!: (text: string) => void;
    const slow = breaker.run(() => new Promise<string>((resolve) => (answer = resolve)));
    await fail(3);
    answer('late');
    expect(await slow).toBe('late');
    expect(breaker.open).toBe(false);
  });
});
