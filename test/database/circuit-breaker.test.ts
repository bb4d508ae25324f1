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
      probes.push({ answer: resolve, fail: () => reject(new Error('still unavailable')) });
    });
  breaker = new CircuitBreaker(probe, clock);
});

const unreachable = new SessionError('store-unavailable', 'unreachable', { cause: new Error('timeout') });
const contention = new SessionError('store-unavailable', 'busy', {
  cause: Object.assign(new Error('deadlock'), { code: '40P01' }),
});

async function fail(times: number, error: Error = unreachable): Promise<void> {
  for (let i = 0; i < times; i++) {
    await expect(breaker.run(() => Promise.reject(error))).rejects.toBe(error);
  }
}

/** Runs an operation that would succeed. Returns true if the circuit breaker ran it. */
async function passes(): Promise<boolean> {
  const running = breaker.run(() => Promise.resolve(true)).catch(() => false);
  await turns();
  clock.advance(5);
  return running;
}

describe('CircuitBreaker', () => {
  it('opens after three consecutive failures and then rejects without running the operation', async () => {
    await fail(2);
    expect(await passes()).toBe(true);
    await fail(3);
    expect(breaker.open).toBe(true);
    let runs = 0;
    const refused = breaker.run(async () => runs++);
    const refusal = expect(refused).rejects.toMatchObject({ code: 'store-unavailable', retryAfter: 1 });
    await turns();
    clock.advance(5);
    await refusal;
    expect(runs).toBe(0);
  });

  it('stays closed after failures of incorrect statements and of contention', async () => {
    await fail(10, contention);
    await fail(10, new Error('syntax error'));
    expect(breaker.open).toBe(false);
  });

  it('sends one probe at a time for all requests, and waits between probes', async () => {
    await fail(3);
    const refused = await Promise.all(Array.from({ length: 100 }, passes));
    expect(refused).not.toContain(true);
    expect(probes).toHaveLength(1);
    probes[0]!.fail();
    await turns();
    await passes();
    expect(probes).toHaveLength(1);
    clock.advance(250);
    await passes();
    expect(probes).toHaveLength(2);
  });

  it('sends no probe without requests', async () => {
    await fail(3);
    clock.advance(3_600_000);
    await turns();
    expect(probes).toHaveLength(0);
  });

  it('closes after a successful probe and runs the operation that waited for it', async () => {
    await fail(3);
    const waiting = breaker.run(() => Promise.resolve('passed'));
    await turns();
    probes[0]!.answer();
    expect(await waiting).toBe('passed');
    expect(breaker.open).toBe(false);
  });

  it('closes when an earlier operation succeeds late', async () => {
    let answer!: (text: string) => void;
    const slow = breaker.run(() => new Promise<string>((resolve) => (answer = resolve)));
    await fail(3);
    answer('late');
    expect(await slow).toBe('late');
    expect(breaker.open).toBe(false);
  });
});
