import { SessionError, type IdentitySessionManager } from '../../lib';
import { createDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';

const ROUNDS = 6;
const SIGN_INS = 12;

describe.each(['read committed', 'repeatable read'])('with default isolation %s,', (isolation) => {
  let database: TestDatabase;
  let nodes: IdentitySessionManager[];

  beforeAll(async () => {
    database = await createDatabase();
    await database.knex.raw(`
      do $$ begin execute format(
        'alter database %I set default_transaction_isolation = %L', current_database(), '${isolation}'); end $$;
      -- Slows sign-ins down between the check of the credentials and the commit.
      create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(0.02); return new; end $$;
      create trigger dawdle before insert on identity_sessions for each row execute function dawdle()`);
  });
  afterAll(() => database.destroy());

  beforeEach(() => {
    nodes = [1, 2].map(() => managerOn({ knex: database.connect() }));
  });
  afterEach(() => Promise.all(nodes.map((node) => node.close())));

  it.each(['Disabled', 'LogoutFromAllDevices'] as const)(
    'no sign-in with the old password survives a change of the password, under %s',
    async (preventConcurrentLogin) => {
      await nodes[0]!.administration.setPolicy({ preventConcurrentLogin });
      for (let round = 0; round < ROUNDS; round++) {
        const userId = `${preventConcurrentLogin}-${round}`;
        const kept = await nodes[0]!.open({ userId });
        const checked = new Date(nodes[0]!.settings.clock.now() - 1);
        const early = signIns(userId, checked);
        await new Promise((resolve) => setTimeout(resolve, (round * 30) / ROUNDS));
        const changing = nodes[0]!.onCredentialChange(
          { userId, tenantId: null },
          { keep: kept.session.sessionId },
        );
        await changing;
        const late = signIns(userId, checked);
        const codes = await Promise.all([...early, ...late]);
        expect(codes.slice(SIGN_INS)).toEqual(late.map(() => 'credential-changed'));
        expect(new Set(codes)).toEqual(
          new Set([...codes.filter((code) => code === 'opened'), 'credential-changed']),
        );
        const { sessions } = await nodes[1]!.list({ userId });
        expect(sessions.filter(({ sessionId }) => sessionId !== kept.session.sessionId)).toEqual([]);
      }
    },
    60_000,
  );

  it('accepts sign-ins with the new password', async () => {
    await nodes[0]!.onCredentialChange({ userId: 'alice', tenantId: null });
    const checked = new Date(nodes[0]!.settings.clock.now());
    expect(await Promise.all(signIns('alice', checked))).toEqual(Array(SIGN_INS).fill('opened'));
  });

  /** Signs the user in on both nodes, and returns `opened` or the code of the refusal of each. */
  function signIns(userId: string, credentialsCheckedAt: Date): Promise<string>[] {
    return Array.from({ length: SIGN_INS }, (_, i) =>
      nodes[i % 2]!.open({ userId, credentialsCheckedAt }).then(
        () => 'opened',
        (error: unknown) => (error instanceof SessionError ? error.code : String(error)),
      ),
    );
  }
});
