import { setTimeout as sleep } from 'node:timers/promises';

import { Client } from './client';
import type { Database } from './database';
import { inCycles, LocalVariant, type Blocks, type VariantTimes } from './one-process';
import { progress } from './report';
import { percentile, timed } from './statistics';
import { guardedBound, guardedUnbound } from './variants/identity-sessions';

/** The costs of rotation and device binding. */
export interface BindingCost {
  /** The variant with both, and the one with neither. */
  readonly variants: readonly VariantTimes[];
  /** The renewal of a bound cookie: two requests, with the proof between them. */
  readonly renewal: Latency;
  /** A cached request, sent alternately with the renewals. */
  readonly cached: Latency;
}

/** In milliseconds, on a connection that nothing else uses. */
interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** The guard needs no bound cookie for 30 seconds after a session was bound. */
const UNCHECKED = 31_000;

/** Measures with sessions that are bound, and whose bound cookies the guard checks. They run out after ten minutes. */
export async function measureBinding(
  database: Database,
  { sessions, renewals, ...blocks }: Blocks & { readonly renewals: number },
): Promise<BindingCost> {
  const locals: LocalVariant[] = [];
  try {
    for (const variant of [guardedBound, guardedUnbound]) {
      progress(`${variant.name}: signing in`);
      locals.push(await LocalVariant.open(variant, database, sessions));
    }
    // A session is bound when its bound cookie is used for the first time.
    for (const local of locals) await local.send(sessions);
    progress('waiting until the guard checks bound cookies');
    await sleep(UNCHECKED);
    const [bound] = locals as [LocalVariant];
    await checkBound(bound, sessions);
    const variants = await inCycles(locals, blocks);
    progress(`${renewals} renewals`);
    return { variants, ...(await timeRenewals(bound, renewals)) };
  } finally {
    for (const local of locals) await local.close();
  }
}

/** @throws Error if not all sessions are bound, or if the guard does not check their cookies */
async function checkBound({ client, browsers: { devices } }: LocalVariant, sessions: number): Promise<void> {
  if (devices.length !== sessions) throw new Error(`${devices.length} of ${sessions} sessions are bound`);
  // A few, because each refusal is written to the trail. All sessions are as old as these or older.
  const answers = await client.sendAll(devices.slice(-10).map((device) => device.withoutBoundCookie()));
  const accepted = answers.filter(({ status }) => status !== 401).length;
  if (accepted > 0) throw new Error(`${accepted} requests without a bound cookie were not refused`);
}

async function timeRenewals(
  { port, browsers: { devices, roundRobin } }: LocalVariant,
  renewals: number,
): Promise<Pick<BindingCost, 'renewal' | 'cached'>> {
  const client = await Client.connect(port, 1);
  const times = { renewal: [] as number[], cached: [] as number[] };
  const turns = Array.from({ length: renewals }, (_, turn) => devices[turn % devices.length]!);
  for (const device of turns) {
    times.renewal.push(await timed(() => device.renew(client)));
    times.cached.push(await timed(() => client.sendAll([roundRobin()])));
  }
  client.close();
  return { renewal: latency(times.renewal), cached: latency(times.cached) };
}

function latency(times: readonly number[]): Latency {
  return { p50: percentile(times, 50), p99: percentile(times, 99) };
}
