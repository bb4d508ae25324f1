import { setTimeout as sleep } from 'node:timers/promises';
import knex, { type Knex } from 'knex';

import { SessionError, type IdentitySessionManager, type SignIn } from '../../lib';
import type { SignInRules } from '../../lib/session/sign-in-rules';
import { managerOn } from './manager';
import { outputOf } from './program';

/** Sign-ins of one user under some rules. */
export interface Race {
  readonly userId: string;
  readonly rules: SignInRules;
}

/** The results of the sign-ins of a race. */
export interface Finish {
  readonly opened: readonly string[];
  /** The codes of refusals, or the messages of other errors. */
  readonly refused: readonly string[];
}

const PROCESSES = 2;
const CONNECTIONS = 8;

/** In milliseconds. Long, because the machine may be busy. */
const RACE_TIMEOUT = 60_000;

/** The number of sign-ins in a race. */
export const SIGN_INS = 200;

const DEVICES = ['Web', 'Mobile', 'OAuth'];
const CLIENTS = ['mail', 'calendar'];

/** The user's sign-in with the given number. The numbers cycle through all devices and clients. */
function signIn(userId: string, number: number): SignIn {
  return {
    userId,
    device: DEVICES[number % DEVICES.length]!,
    clientId: CLIENTS[Math.floor(number / DEVICES.length) % CLIENTS.length],
  };
}

/** Runs the races in two processes with four connections each. */
export async function run(races: readonly Race[], url: string, gate: Gate): Promise<Finish[]> {
  const processes = Array.from({ length: PROCESSES }, async (_, process) => {
    const program = `
      const { takePart } = require('./test/support/racer.ts');
      takePart(${JSON.stringify(races)}, ${JSON.stringify(url)}, ${process}).then((finishes) => console.log(JSON.stringify(finishes)));`;
    return JSON.parse(await outputOf(program, {}, RACE_TIMEOUT)) as Finish[];
  });
  const [finishes] = await Promise.all([Promise.all(processes), gate.openFor(CONNECTIONS)]);
  return together(finishes);
}

/** The work of one process. */
export async function takePart(races: readonly Race[], url: string, process: number): Promise<Finish[]> {
  const lanes = Array.from({ length: CONNECTIONS }, (_, lane) => lane);
  const own = lanes.filter((lane) => lane % PROCESSES === process);
  return together(await Promise.all(own.map((lane) => signInOver(lane, races, url))));
}

/**
 * Runs the sign-ins of one lane, over one connection for each race. Every lane has its own manager, because a manager queues
 * the sign-ins of one user.
 */
async function signInOver(lane: number, races: readonly Race[], url: string): Promise<Finish[]> {
  const rulesOf = new Map(races.map(({ userId, rules }) => [userId, rules]));
  const pool = knex({ client: 'pg', connection: url, pool: { min: 0, max: races.length } });
  const manager = managerOn({ knex: pool, rulesFor: ({ userId }) => rulesOf.get(userId) });
  try {
    await Gate.pass(pool);
    return await Promise.all(races.map(({ userId }) => signInAgain(manager, userId, lane)));
  } finally {
    await manager.close();
    await pool.destroy();
  }
}

async function signInAgain(manager: IdentitySessionManager, userId: string, lane: number): Promise<Finish> {
  const finish = { opened: new Array<string>(), refused: new Array<string>() };
  for (let number = lane; number < SIGN_INS; number += CONNECTIONS) {
    try {
      finish.opened.push((await manager.open(signIn(userId, number))).session.sessionId);
    } catch (error) {
      finish.refused.push(error instanceof SessionError ? error.code : String(error));
    }
  }
  return finish;
}

/** Merges the results of several processes or lanes, race by race. */
function together(parts: readonly (readonly Finish[])[]): Finish[] {
  return parts[0]!.map((_, race) => ({
    opened: parts.flatMap((part) => part[race]!.opened),
    refused: parts.flatMap((part) => part[race]!.refused),
  }));
}

/** Makes racers of several processes wait for each other by a lock in their database. */
export class Gate {
  private constructor(private readonly held: Knex.Transaction) {}

  static async close(pool: Knex): Promise<Gate> {
    const held = await pool.transaction();
    await held.raw(`select pg_advisory_xact_lock(${GATE})`);
    return new Gate(held);
  }

  static async pass(pool: Knex): Promise<void> {
    await pool.raw(`select pg_advisory_lock_shared(${GATE}), pg_advisory_unlock_shared(${GATE})`);
  }

  /** Opens the gate when the given number of racers wait. */
  async openFor(racers: number): Promise<void> {
    for (let look = 0; look < 1000 && (await this.#waiting()) < racers; look++) await sleep(20);
    await this.held.commit();
  }

  async #waiting(): Promise<number> {
    const { rows } = await this.held.raw<{ rows: { count: number }[] }>(`
      select count(*)::int from pg_locks join pg_database d on d.oid = database
      where d.datname = current_database() and locktype = 'advisory' and not granted`);
    return rows[0]!.count;
  }
}

const GATE = '1, 1';
