import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';

import type { IdentitySessionManager, SessionSearch } from '../../lib';
import type { Database } from '../database';
import { fixed, progress } from '../report';
import { percentile, timed } from '../statistics';
import { builtPackage } from '../variants/peers';
import { FilledTable, type Row } from './filled-table';
import type { PageTime } from './pages';

const TIMES = 25;
const DEEP = 10_000;

/**
 * Of 100 sessions, 40 have been ended, 25 have expired and 35 are live, in the order of sign-ins. A few have a kind of device or a
 * client that is rare.
 */
const VARIETY: Readonly<Record<string, string>> = {
  device: `case when i % 100003 = 7 then 'TV' else (array['Web', 'Mobile', 'OAuth'])[1 + i % 3] end`,
  client_id: `case when i % 100003 = 3 then 'rare' when i % 3 > 0 then 'client-' || i % 20 end`,
  stay_signed_in: 'i::bigint * 7919 % 100 >= 65',
  ended_at: 'case when i::bigint * 7919 % 100 < 40 then used end',
  end_reason: `case when i::bigint * 7919 % 100 < 40 then 'revoked' end`,
};

/** Measures the time of requests for the page of administrators, with the network of this machine and the rendering of the page. */
export async function measureAdminPage(database: Database, rows: number): Promise<readonly PageTime[]> {
  const table = await FilledTable.of(rows, database, { columns: VARIETY });
  try {
    return await timeAdminPage(table);
  } finally {
    await table.close();
  }
}

async function timeAdminPage(table: FilledTable): Promise<readonly PageTime[]> {
  const site = await AdminSite.open(table.manager());
  try {
    const times: PageTime[] = [];
    for (const [name, queryOf] of await queriesFor(site.manager, await table.sample(TIMES))) {
      const time = await site.time(name, queryOf);
      progress(`${name}: ${fixed(time.p50, 1)} ms`);
      times.push(time);
    }
    return times;
  } finally {
    site.close();
  }
}

/** Returns the query of a request by its number. */
type QueryOf = (request: number) => string;

async function queriesFor(
  { administration }: IdentitySessionManager,
  sample: readonly Row[],
): Promise<readonly (readonly [string, QueryOf])[]> {
  const drawn = (request: number) => sample[request % sample.length]!;
  const deep = async (search: SessionSearch) => {
    const { next } = await administration.search({ ...search, skip: DEEP - 1, take: 1 });
    return encodeURIComponent(next!);
  };
  const filters: readonly (readonly [string, QueryOf])[] = [
    ['no filter', () => ''],
    ['a user', (request) => `user=${drawn(request).userId}`],
    ['a tenant', (request) => `tenant=${drawn(request).tenantId}`],
    ['a kind of device', () => 'device=Mobile'],
    ['a rare kind of device', () => 'device=TV'],
    ['an unknown kind of device', () => 'device=None'],
    ['a client', () => 'client=client-7'],
    ['a rare client', () => 'client=rare'],
    ['an unknown client', () => 'client=None'],
    ['a client in a tenant', (request) => `client=client-7&tenant=${drawn(request).tenantId}`],
  ];
  const sorts = ['signedIn', 'lastAccessed', 'userId'];
  const states = ['live', 'ended', 'any'] as const;
  const pages = states.flatMap((state) =>
    sorts.flatMap((sort) =>
      filters.map(
        ([name, queryOf]) =>
          [
            `${state}, by ${sort}, ${name}`,
            (request: number) => `${queryOf(request)}&state=${state}&sort=${sort}`,
          ] as const,
      ),
    ),
  );
  const after: [string, QueryOf][] = [];
  for (const state of states) {
    const position = await deep({ state });
    after.push([`${state}, after 10,000 others`, () => `state=${state}&after=${position}`]);
    const { tenantId } = sample[0]!;
    const { next } = await administration.search({ state, tenantId, skip: 1000, take: 1 });
    after.push([
      `${state}, after 1,000 others of a tenant`,
      () => `state=${state}&tenant=${tenantId}&after=${encodeURIComponent(next!)}`,
    ]);
  }
  return [...pages, ...after];
}

/** A server with the page for administrators, and a client that is signed in. */
class AdminSite {
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(
    readonly manager: IdentitySessionManager,
    private readonly server: Server,
    private readonly cookie: string,
  ) {}

  static async open(manager: IdentitySessionManager): Promise<AdminSite> {
    const { adminPage } = builtPackage('./pages');
    const app = express();
    app.use('/admin', adminPage(manager, { isGranted: () => true }));
    const server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { session, secret } = await manager.open({ userId: 'administrator' });
    return new AdminSite(manager, server, `__Host-Http-identity=${session.sessionId}.${secret}`);
  }

  async time(name: string, queryOf: QueryOf): Promise<PageTime> {
    await this.#get(queryOf(0));
    const all: number[] = [];
    for (let request = 0; request < TIMES; request++) {
      const took = await timed(() => this.#get(queryOf(request)));
      all.push(took);
      // A page that takes seconds need not be requested as often.
      if (took > 1000 && all.length > 2) break;
    }
    return { name, p50: percentile(all, 50), p99: percentile(all, 99) };
  }

  close(): void {
    this.#agent.destroy();
    this.server.closeAllConnections();
    this.server.close();
  }

  async #get(query: string): Promise<void> {
    const { port } = this.server.address() as AddressInfo;
    const headers = { Cookie: this.cookie, Accept: 'text/html' };
    const options = { agent: this.#agent, headers };
    const [response] = (await once(get(`http://127.0.0.1:${port}/admin?${query}`, options), 'response')) as [
      IncomingMessage,
    ];
    response.resume();
    await once(response, 'end');
    if (response.statusCode !== 200) throw new Error(`The page returned ${response.statusCode} for ${query}`);
  }
}
