import { setTimeout as sleep } from 'node:timers/promises';

import {
  SessionError,
  type Credentials,
  type IdentitySession,
  type IdentitySessionManager,
  type Opened,
} from '../../lib';
import { READ_EVERY } from '../../lib/changes/changes';
import { FakeClock } from '../support/clock';
import { createDatabase, type TestDatabase } from '../support/database';
import { turns } from '../support/gate';
import { managerOn } from '../support/manager';
import { HOUR } from '../support/sessions';

const ROUNDS = 15;
const SESSIONS = 12;

interface Known {
  readonly session: IdentitySession;
  readonly credentials: Credentials;
}

let database: TestDatabase;
let clock: FakeClock;
let nodes: IdentitySessionManager[];

beforeAll(async () => {
  database = await createDatabase();
  // Sign-ins are slowed down, so that some are running whenever everything is ended.
  await database.knex.raw(`
    create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(random() * 0.1); return new; end $$;
    create trigger dawdle before insert on identity_sessions for each row execute function dawdle()`);
  clock = new FakeClock();
  // The first node trusts its cache. The second one reads every session from the database.
  nodes = [{ rulesFor: dawdle }, { lease: 0 }].map((options) =>
    managerOn({ knex: database.connect(), clock, ...options }),
  );
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  await database.destroy();
});

/** The app's sign-in rules are slow too. They run after the session got its time and before it is inserted. */
async function dawdle(): Promise<object> {
  await sleep(Math.random() * 100);
  return {};
}

describe('revokeEverything() while users sign in and wake sessions', () => {
  it('ends every session with an earlier sign-in time, and no node accepts one of them after it resolved', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const asleep = await opened(round);
      clock.advance(2 * HOUR);
      await readTwice();
      const warm = await opened(round);
      for (const { credentials } of warm) await nodes[0]!.verify(credentials);
      const ended = clock.now();
      const [before, waking] = [opened(round), woken(asleep)];
      const ending = nodes[0]!.administration.revokeEverything();
      const during = opened(round);
      await ending;
      await expectRefused(nodes[0]!, [...warm, ...asleep]);
      clock.advance(1);
      const after = await opened(round);

      await waking;
      const signedIn = [...asleep, ...warm, ...(await before), ...(await during), ...after];
      const doomed = signedIn.filter(({ session }) => session.signedIn <= ended);
      expect(signedIn.filter((known) => !doomed.includes(known))).toEqual(after);
      for (const node of nodes) {
        await expectRefused(node, doomed);
        for (const { credentials } of after) expect(await node.verify(credentials)).toBeDefined();
      }
      const listed = await Promise.all(doomed.map(async ({ session }) => nodes[1]!.list(session)));
      expect(listed.flatMap(({ sessions }) => sessions).filter(({ signedIn: at }) => at <= ended)).toEqual(
        [],
      );
    }
  });

  /** Waits for two reads of the change log. A read that was sent before the clock moved does not extend the trust. */
  async function readTwice(): Promise<void> {
    for (let read = 0; read < 2; read++) {
      const { reads } = clock;
      clock.advance(READ_EVERY);
      for (let turn = 0; clock.reads === reads && turn < 10_000; turn++) await turns();
    }
  }

  function opened(round: number): Promise<Known[]> {
    const opening = Array.from({ length: SESSIONS }, async (_, user) => {
      const { session, secret } = await nodes[user % 2]!.open({
        userId: `${round}.${user}`,
        staySignedIn: true,
      });
      return { session, credentials: { sessionId: session.sessionId, secret } };
    });
    return Promise.all(opening);
  }

  /** Wakes hibernating sessions. Some calls find that everything has ended. */
  function woken(asleep: readonly Known[]): Promise<unknown> {
    return Promise.allSettled(asleep.map(async ({ credentials }, i) => nodes[i % 2]!.revive(credentials)));
  }

  async function expectRefused(node: IdentitySessionManager, sessions: readonly Known[]): Promise<void> {
    const verdicts = sessions.map(async ({ credentials }) => node.verify(credentials));
    for (const result of await Promise.allSettled(verdicts)) {
      const reason: unknown = result.status === 'rejected' ? result.reason : 'accepted';
      expect(reason instanceof SessionError ? reason.code : reason).toBe('session-ended');
    }
  }
});

describe('revokeEverything() on a node whose clock is wrong', () => {
  it.each([
    ['slow', -300_000],
    ['fast', 300_000],
  ])('uses the time of the database if the clock is five minutes %s', async (_, wrong) => {
    const other = managerOn({ knex: database.connect() });
    const before = await other.open({ userId: 'alice' });
    const now = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(now + wrong);
    const node = managerOn({ knex: database.connect() });
    jest.restoreAllMocks();
    await node.administration.revokeEverything();
    const after = await other.open({ userId: 'alice' });
    await expect(verdict(other, before)).resolves.toBe('session-ended');
    await expect(verdict(node, after)).resolves.toBe('accepted');
    await Promise.all([node.close(), other.close()]);
  });

  async function verdict(node: IdentitySessionManager, { session, secret }: Opened): Promise<string> {
    try {
      await node.verify({ sessionId: session.sessionId, secret });
      return 'accepted';
    } catch (error) {
      return (error as SessionError).code;
    }
  }
});
