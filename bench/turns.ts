import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import knex, { type Knex } from 'knex';

import type { IdentitySessionManager, IdentitySessionOptions } from '../lib';
import { longestTurn } from './longest-turn';
import type { Database } from './database';
import { userAgent } from './people';
import { progress } from './report';
import { median } from './statistics';
import { builtPackage } from './variants/peers';

/** The longest turn of the event loop during one operation of a user with many sessions. */
export interface LongestTurn {
  readonly name: string;
  readonly sessions: number;
  /** In milliseconds of processor time. The median and the maximum of all rounds. */
  readonly median: number;
  readonly longest: number;
}

/** The first rounds are not counted, because code runs slowly until it is compiled. They use few sessions. */
const WARM_UP = 2;
const FEW = 2000;

const USER = 'many';

/** Measures operations of one user. Each user agent is new, so that no device is cached. */
export async function measureTurns(
  database: Database,
  counts: readonly number[],
  rounds: number,
): Promise<LongestTurn[]> {
  const pool = knex({ client: 'pg', connection: await database.create() });
  await builtPackage().migrate(pool);
  try {
    const all: LongestTurn[] = [];
    for (const sessions of counts) {
      progress(`a user with ${sessions} sessions`);
      for (const [name, operation] of Object.entries(OPERATIONS)) {
        for (let round = 0; round < WARM_UP; round++) await measure(pool, operation, FEW, 1);
        const turns = await measure(pool, operation, sessions, rounds);
        all.push({ name, sessions, median: median(turns), longest: Math.max(...turns) });
      }
    }
    return all;
  } finally {
    await pool.destroy();
  }
}

/** An operation of the user, after a sign-in. */
interface Operation {
  readonly options?: IdentitySessionOptions;
  /** The number of sessions that the operation must leave, or undefined if it ends none. */
  readonly left?: number;
  /** The session is one of Open-Xchange. */
  readonly openXchange?: boolean;
  readonly run: (app: App) => Promise<unknown>;
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /sessions': { run: (app) => app.send('GET', '/sessions') },
  'GET /sessions?limit=1000': { run: (app) => app.send('GET', '/sessions?limit=1000') },
  'list of ABP, 1,000 sessions': {
    run: (app) => app.send('GET', '/api/account/sessions?maxResultCount=1000'),
  },
  'all of Open-Xchange': { openXchange: true, run: (app) => app.manage('all') },
  'DELETE /sessions/others': { left: 1, run: (app) => app.send('DELETE', '/sessions/others') },
  'sign-in under LogoutFromAllDevices': {
    options: { preventConcurrentLogin: 'LogoutFromAllDevices' },
    left: 1,
    run: (app) => app.send('POST', '/sign-in'),
  },
  'onCredentialChange()': { left: 0, run: ({ manager }) => manager.onCredentialChange({ userId: USER }) },
  'clear of Open-Xchange': { left: 1, openXchange: true, run: (app) => app.manage('clear') },
  'cleanup beyond 500 sessions': { left: 500, run: ({ manager }) => manager.runCleanup() },
};

/** Fills the table before the first round, and again if the operation ends sessions. */
async function measure(
  pool: Knex,
  { options, left, openXchange = false, run }: Operation,
  sessions: number,
  rounds: number,
): Promise<number[]> {
  const turns: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const refills = round === 0 || left !== undefined;
    if (refills) await pool('identity_sessions').truncate();
    const app = await App.start(pool, options);
    try {
      await (openXchange ? app.logIn() : app.send('POST', '/sign-in'));
      await (refills ? fill(pool, sessions) : renewUserAgents(pool));
      turns.push(await longestTurn(() => run(app)));
      if (left !== undefined) await checkLeft(pool, left);
    } finally {
      await app.stop();
    }
  }
  return turns;
}

async function checkLeft(pool: Knex, left: number): Promise<void> {
  const [row] = await pool('identity_sessions').whereNull('ended_at').count({ count: '*' });
  if (Number(row!['count']) !== left)
    throw new Error(`${row!['count']} sessions are left instead of ${left}`);
}

const NEW_USER_AGENT = `
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || (random() * 1e9)::int || '.0.0.0 Safari/537.36'`;

/** Inserts sessions, each with another user agent, as an attacker can open them. */
async function fill(pool: Knex, count: number): Promise<void> {
  await pool.raw(`
    insert into identity_sessions
      (session_id, secret_hash, user_id, device, stay_signed_in, signed_in, last_accessed, active_day, user_agent, ip_addresses)
    select gen_random_uuid(), sha256(i::text::bytea), '${USER}', 'Web', true, moment, now(), current_date, ${NEW_USER_AGENT},
      '192.0.2.1'
    from generate_series(1, ${count}) as i, lateral (select now() - interval '1 hour' - i * interval '1 ms') as at (moment)`);
  await pool.raw('vacuum analyze identity_sessions');
}

/** Changes the user agents of the newest sessions, which the next list shows. */
async function renewUserAgents(pool: Knex): Promise<void> {
  await pool.raw(`
    update identity_sessions set user_agent = ${NEW_USER_AGENT}
    where session_id in (select session_id from identity_sessions order by signed_in desc limit 1500)`);
}

/** An app with all protocols in this process. Its client only collects the bytes of a response, so that it adds little. */
class App {
  #cookies = '';
  #openXchangeId = '';

  private constructor(
    readonly manager: IdentitySessionManager,
    private readonly server: Server,
  ) {}

  static async start(pool: Knex, options: IdentitySessionOptions = {}): Promise<App> {
    const { createIdentitySessionManager, createSignIn, restRouter } = builtPackage();
    const manager = createIdentitySessionManager({ knex: pool, isCleanupEnabled: false, ...options });
    const app = express();
    const signIn = createSignIn(manager);
    app.post('/sign-in', (req, res, next) => {
      signIn(req, res, { userId: USER }).then(() => res.end(), next);
    });
    app.use('/api', builtPackage('./abp').abpRouter(manager, { isGranted: () => false }));
    const authenticate = () => ({ userId: USER });
    app.use('/ajax', builtPackage('./open-xchange').openXchangeRouter(manager, { authenticate }));
    app.use(restRouter(manager));
    const server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new App(manager, server);
  }

  /** Opens a session of Open-Xchange. */
  async logIn(): Promise<void> {
    const answer = await this.send('POST', '/ajax/login?action=login', `name=${USER}&password=x`);
    this.#openXchangeId = (JSON.parse(answer.toString()) as { session: string }).session;
  }

  /** Calls an action of Open-Xchange. */
  async manage(action: string): Promise<void> {
    await this.send('GET', `/ajax/sessionmanagement?action=${action}&session=${this.#openXchangeId}`);
  }

  async send(method: string, path: string, form?: string): Promise<Buffer> {
    const { port } = this.server.address() as AddressInfo;
    const headers = {
      'User-Agent': userAgent(0),
      Cookie: this.#cookies,
      ...(form !== undefined && { 'Content-Type': 'application/x-www-form-urlencoded' }),
    };
    const sent = request({ port, method, path, headers }).end(form);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    if (response.statusCode! >= 300) throw new Error(`${method} ${path}: status ${response.statusCode}`);
    const cookies = response.headers['set-cookie']?.map((line) => line.split(';', 1)[0]);
    if (cookies !== undefined) this.#cookies = cookies.join('; ');
    return Buffer.concat(chunks);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await this.manager.close();
  }
}
