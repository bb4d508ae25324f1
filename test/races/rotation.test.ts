import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { IdentitySessionManager } from '../../lib';
import { appOn } from '../support/app';
import { FakeClock } from '../support/clock';
import { createDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';
import { DAY } from '../support/sessions';

const PAGES = 1000;
const REQUESTS = 6;

/** Browsers write cookies to disk with a delay of up to 30 seconds, in milliseconds. */
const FLUSHED_AFTER = 30_000;

const LONG = { shortLifetime: '3650D', longLifetime: '3650D', inactiveTimeSpan: '3650D' } as const;

let database: TestDatabase;
let clock: FakeClock;
let nodes: Node[] = [];
let killed: Node[] = [];

/** A node behind the balancer: an app with its own pool and its own cache. */
interface Node {
  readonly manager: IdentitySessionManager;
  readonly server: Server;
  readonly url: string;
}

async function startNode(): Promise<Node> {
  const manager = managerOn({
    ...LONG,
    knex: database.connect(),
    clock,
    cookies: { secure: false },
    isCleanupEnabled: false,
  });
  const server = appOn(manager, { limits: { autologin: false } }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { manager, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function stop({ manager, server }: Node): Promise<void> {
  server.closeAllConnections();
  server.close();
  await manager.close();
}

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.empty();
  clock = new FakeClock();
  nodes = [await startNode(), await startNode()];
  killed = [];
});
afterEach(() => Promise.all([...nodes, ...killed].map(stop)));
afterAll(() => database.destroy());

const chance = (probability: number) => Math.random() < probability;
const upTo = (most: number) => Math.floor(Math.random() * most);

/** A browser whose tabs share a jar. A crash loses the cookies that are not on disk. */
class Browser {
  #jar = '';
  #disk: readonly { readonly cookie: string; readonly at: number }[] = [];
  /** Responses for a browser that has crashed since are lost. */
  #life = 0;
  readonly answers = new Map<string, number>();
  readonly cookies = new Set<string>();

  async signIn(): Promise<void> {
    const body = JSON.stringify({ userId: 'alice', staySignedIn: true });
    const headers = { 'Content-Type': 'application/json' };
    this.#receive(await fetch(`${nodes[0]!.url}/sign-in`, { method: 'POST', headers, body }));
    this.#disk = [{ cookie: this.#jar, at: clock.now() }];
  }

  get cookie(): string {
    return this.#jar;
  }

  crash(): void {
    this.#life++;
    this.#disk = this.#disk.filter(({ at }) => at <= clock.now()).slice(-1);
    this.#jar = this.#disk[0]!.cookie;
  }

  /** Loads a page with parallel requests over both nodes. Some responses are lost. */
  async load(): Promise<void> {
    const requests = Array.from({ length: REQUESTS }, () => this.#request(nodes[upTo(2)]!));
    clock.advance(upTo(5000));
    await Promise.all(requests);
  }

  async #request({ url }: Node): Promise<void> {
    const [method, path] = chance(0.05) ? ['POST', '/session/autologin'] : ['GET', '/private'];
    const life = this.#life;
    const headers = { Cookie: this.#jar, 'Sec-Fetch-Site': 'same-origin' };
    const response = await fetch(`${url}${path}`, { method, headers });
    const { code = '', reason = '' } = (await response.json()) as { code?: string; reason?: string };
    const answer = [response.status, code, reason].join(' ').trim();
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
    const isLost = chance(0.2) || life !== this.#life;
    if (!isLost) this.#receive(response);
  }

  #receive(response: Response): void {
    for (const cookie of response.headers.getSetCookie()) {
      const value = cookie.split(';')[0]!;
      if (!value.startsWith('identity=')) continue;
      this.#jar = value;
      this.cookies.add(value);
      this.#disk = [...this.#disk, { cookie: value, at: clock.now() + upTo(FLUSHED_AFTER + 1) }];
    }
  }
}

/** The pause before a page: mostly short, sometimes longer than a rotation takes. */
function pause(): number {
  if (chance(0.15)) return upTo(2 * DAY);
  return chance(0.3) ? upTo(120_000) : upTo(20_000);
}

/** Replaces a node whose process is killed: its cache and its unwritten touches are lost. */
async function killANode(): Promise<void> {
  const at = upTo(2);
  killed.push(nodes[at]!);
  nodes[at] = await startNode();
}

describe('1,000 page loads with six parallel requests each, over two nodes', () => {
  it('accept every request of a browser with lost responses, crashes and killed nodes', async () => {
    const browser = new Browser();
    await browser.signIn();
    const first = browser.cookie;
    for (let page = 0; page < PAGES; page++) {
      clock.advance(pause());
      if (chance(0.05)) browser.crash();
      if (page % 100 === 50) await killANode();
      // A second tab loads a page at the same time.
      await (chance(0.2) ? Promise.all([browser.load(), browser.load()]) : browser.load());
    }
    expect([...browser.answers.keys()]).toEqual(['200']);
    expect(browser.answers.get('200')).toBeGreaterThanOrEqual(PAGES * REQUESTS);
    expect(browser.cookies.size).toBeGreaterThan(50);

    const reused = await fetch(`${nodes[0]!.url}/private`, { headers: { Cookie: first } });
    expect(await reused.json()).toMatchObject({ code: 'session-ended', reason: 'secret-reused' });
  }, 120_000);
});

describe('a rotation under 50 parallel requests on two nodes', () => {
  it('gives all of them one new cookie', async () => {
    for (let round = 0; round < 20; round++) {
      const browser = new Browser();
      await browser.signIn();
      clock.advance(DAY);
      const headers = { Cookie: browser.cookie };
      const responses = await Promise.all(
        Array.from({ length: 50 }, (_, i) => fetch(`${nodes[i % 2]!.url}/private`, { headers })),
      );
      const cookies = responses.map((response) => response.headers.getSetCookie().join());
      await Promise.all(responses.map((response) => response.arrayBuffer()));
      expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(cookies).size).toBe(1);
      expect(cookies[0]).toMatch(/^identity=/);
    }
  }, 60_000);
});
