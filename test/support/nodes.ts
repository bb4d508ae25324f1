import type { IdentitySession, IdentitySessionManager, IdentitySessionOptions, SignIn } from '../../lib';
import type { Credentials } from '../../lib/session/credentials';
import { FakeClock } from './clock';
import { createDatabase, type TestDatabase } from './database';
import { managerOn } from './manager';

/** The default sign-in of tests. */
const alice: SignIn = { userId: 'alice', userAgent: 'curl/8', ipAddress: '::ffff:192.0.2.1' };

/** Managers on one database, like the nodes of an app. All use the same fake clock. */
export class Nodes {
  database!: TestDatabase;
  clock!: FakeClock;
  #managers: IdentitySessionManager[] = [];

  use(options: IdentitySessionOptions = {}): IdentitySessionManager {
    const manager = managerOn({ knex: this.database.knex, clock: this.clock, ...options });
    this.#managers.push(manager);
    return manager;
  }

  async close(): Promise<void> {
    await Promise.all(this.#managers.splice(0).map((manager) => manager.close()));
  }
}

/** Registers the set-up for the tests of a file: one database, which is emptied before each test. */
export function nodesOnADatabase(): Nodes {
  const nodes = new Nodes();
  beforeAll(async () => {
    nodes.database = await createDatabase();
  });
  beforeEach(async () => {
    await nodes.database.empty();
    nodes.clock = new FakeClock();
  });
  afterEach(() => nodes.close());
  afterAll(() => nodes.database.destroy());
  return nodes;
}

export async function open(
  manager: IdentitySessionManager,
  said: Partial<SignIn> = {},
): Promise<{ session: IdentitySession; credentials: Credentials }> {
  const { session, secret } = await manager.open({ ...alice, ...said });
  return { session, credentials: { sessionId: session.sessionId, secret } };
}

/** Matches a `SessionError` with the code in `toEqual`. */
export function refusal(code: string): unknown {
  return expect.objectContaining({ name: 'SessionError', code });
}
