import { randomUUID } from 'node:crypto';

import { newSessionId, SessionError } from '../../lib';
import type { IdentitySession, IdentitySessionManager, Owner, SignIn } from '../../lib';
import type { SignInRules } from '../../lib/session/sign-in-rules';
import { createDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';
import { usualLayout } from '../support/server';

const ROUNDS = 20;

let database: TestDatabase;
let nodes: IdentitySessionManager[];

beforeAll(async () => {
  database = await createDatabase();
});
afterEach(() => Promise.all(nodes.map((node) => node.close())));
afterAll(() => database.destroy());

function use(rules: SignInRules): void {
  nodes = [0, 1].map(() => managerOn({ knex: database.connect(), ...rules }));
}

/** Calls create() ten times at once with the same id, five times on each node. */
async function raced(
  owner: Owner,
  signIn: (i: number) => Omit<SignIn, 'sessionId'>,
): Promise<PromiseSettledResult<IdentitySession>[]> {
  const sessionId = newSessionId(owner);
  return Promise.allSettled(
    Array.from({ length: 10 }, async (_, i) => nodes[i % 2]!.create({ ...signIn(i), sessionId })),
  );
}

describe('create() called ten times at once with one session id', () => {
  it.each<[string, SignInRules]>([
    ['no sign-in rules', {}],
    ['LogoutFromAllDevices', { preventConcurrentLogin: 'LogoutFromAllDevices' }],
    ['a limit of one session', { maxSessionsPerUser: 1 }],
    ['a limit of one session and onLimit refuse', { maxSessionsPerUser: 1, onLimit: 'refuse' }],
  ])('creates one session for the user and returns it every time, with %s', async (_, rules) => {
    use(rules);
    for (let round = 0; round < ROUNDS; round++) {
      const userId = randomUUID();
      const results = await raced({ userId }, () => ({ userId }));
      expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
      const ids = results.map((result) => result.status === 'fulfilled' && result.value.sessionId);
      expect(new Set(ids).size).toBe(1);
      expect((await nodes[0]!.list({ userId })).sessions.map(({ sessionId }) => sessionId)).toEqual([ids[0]]);
    }
  });

  it('creates the session for one of two users and refuses the other', async () => {
    use({});
    // In partitions, the id itself tells that it belongs to another user.
    const refusal = usualLayout() === 'partitioned' ? 'invalid-request' : 'session-id-taken';
    for (let round = 0; round < ROUNDS; round++) {
      const users = [randomUUID(), randomUUID()];
      const userOf = (i: number) => users[(i >> 1) % 2]!;
      const results = await raced({ userId: userOf(0) }, (i) => ({ userId: userOf(i) }));
      const owners = new Set<string>();
      for (const [i, result] of results.entries()) {
        if (result.status === 'fulfilled') {
          expect(result.value.userId).toBe(userOf(i));
          owners.add(result.value.userId);
        } else expect(result.reason instanceof SessionError && result.reason.code).toBe(refusal);
      }
      expect(owners.size).toBe(1);
      const [owner] = owners;
      const lists = await Promise.all(
        users.map(async (userId) => (await nodes[1]!.list({ userId })).sessions.length),
      );
      expect(lists).toEqual(users.map((userId) => (userId === owner ? 1 : 0)));
    }
  });
});
