import type { IdentitySessionManager, SessionPage } from '../../lib';
import { FakeClock } from '../support/clock';
import { createDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';

const WRITERS = 8;
const STABLE = 300;
const WALKS = 10;

let database: TestDatabase;
let clock: FakeClock;
let nodes: IdentitySessionManager[];

beforeAll(async () => {
  database = await createDatabase();
  clock = new FakeClock();
  nodes = [0, 1].map(() => managerOn({ knex: database.connect(), clock }));
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  await database.destroy();
});

describe('paging through all sessions while eight clients sign in and out', () => {
  it('returns no session twice and every session that existed all the time', async () => {
    const stable = await signedInAtFewMoments();
    let over = false;
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let turn = 0; !over; turn++) await signInAndOut(nodes[turn % 2]!, `writer ${writer}`);
    });
    for (let walk = 0; walk < WALKS; walk++) {
      const seen = await walked(nodes[walk % 2]!);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toEqual(expect.arrayContaining(stable));
    }
    over = true;
    await Promise.all(writers);
  });

  /** Opens many sessions with the same sign-in time, so that the time alone does not identify a position. */
  async function signedInAtFewMoments(): Promise<string[]> {
    const stable: string[] = [];
    while (stable.length < STABLE) {
      const opening = Array.from({ length: 30 }, async (_, user) =>
        nodes[user % 2]!.open({ userId: `user ${user}` }),
      );
      stable.push(...(await Promise.all(opening)).map(({ session }) => session.sessionId));
      clock.advance(1);
    }
    return stable;
  }

  /** Its sessions have positions among those that stay. */
  async function signInAndOut(node: IdentitySessionManager, userId: string): Promise<void> {
    const { session, secret } = await node.open({ userId });
    await node.signOut({ sessionId: session.sessionId, secret });
  }

  async function walked(node: IdentitySessionManager): Promise<string[]> {
    const seen: string[] = [];
    let page: SessionPage | undefined;
    do {
      page = await node.administration.search({ take: 20, ...(page && { after: page.next }) });
      seen.push(...page.sessions.map(({ sessionId }) => sessionId));
    } while (page.next !== undefined);
    return seen;
  }
});
