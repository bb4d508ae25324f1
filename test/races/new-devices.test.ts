import { type IdentitySessionManager } from '../../lib';
import { mintSecret } from '../../lib/session/credentials';
import { createDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';

const NODES = 4;
const SIGN_INS = 200;

let database: TestDatabase;
let nodes: IdentitySessionManager[];
let told: string[];

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.empty();
  told = [];
  const onNewDevice = ({ session }: { readonly session: { readonly sessionId: string } }) =>
    void told.push(session.sessionId);
  nodes = Array.from({ length: NODES }, () => managerOn({ knex: database.connect(), onNewDevice }));
});
afterEach(() => Promise.all(nodes.map((node) => node.close())));
afterAll(() => database.destroy());

/** Signs alice in 200 times at once on four nodes, and returns the ids of the sessions. */
async function raced(deviceOf: (i: number) => string): Promise<string[]> {
  const opening = Array.from({ length: SIGN_INS }, (_, i) =>
    nodes[i % NODES]!.open({ userId: 'alice', deviceToken: deviceOf(i) }),
  );
  return (await Promise.all(opening)).map(({ session }) => session.sessionId);
}

describe('200 parallel sign-ins of one user on four nodes', () => {
  it.each(['Disabled', 'LogoutFromAllDevices'] as const)(
    'call onNewDevice once if all come from one new device, under %s',
    async (preventConcurrentLogin) => {
      await nodes[0]!.administration.setPolicy({ preventConcurrentLogin });
      await nodes[0]!.open({ userId: 'alice', deviceToken: mintSecret() });
      const device = mintSecret();
      const ids = await raced(() => device);
      expect(told).toHaveLength(1);
      expect(ids).toContain(told[0]);
      await raced(() => device);
      expect(told).toHaveLength(1);
    },
    60_000,
  );

  it('call onNewDevice once for each of 200 new devices', async () => {
    await nodes[0]!.open({ userId: 'alice', deviceToken: mintSecret() });
    const ids = await raced(() => mintSecret());
    expect(told.sort()).toEqual(ids.sort());
  }, 60_000);

  it('treat exactly one device of a new account as its first', async () => {
    const ids = await raced(() => mintSecret());
    expect(told).toHaveLength(SIGN_INS - 1);
    expect(ids).toEqual(expect.arrayContaining(told));
    expect(await database.knex('identity_session_devices')).toHaveLength(SIGN_INS);
  }, 60_000);
});
