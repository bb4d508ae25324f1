import type { Knex } from 'knex';

import type { PolicyPatch } from '../../lib/store';
import { createDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';
import { Gate, run, SIGN_INS, type Finish, type Race } from '../support/racer';

/** The highest number of live sessions per user, or per device type or client of a user. */
interface Rule extends Race {
  readonly per: 'user' | 'device' | 'client';
  readonly max: number;
}

const RULES: readonly (readonly [string, Rule])[] = [
  ['LogoutFromAllDevices', rule({ preventConcurrentLogin: 'LogoutFromAllDevices' }, 'user', 1)],
  ['LogoutFromSameTypeDevices', rule({ preventConcurrentLogin: 'LogoutFromSameTypeDevices' }, 'device', 1)],
  ['maxSessionsPerUser', rule({ maxSessionsPerUser: 5 }, 'user', 5)],
  ['maxSessionsPerDevice', rule({ maxSessionsPerDevice: 3 }, 'device', 3)],
  ['maxSessionsPerClient', rule({ maxSessionsPerClient: 3 }, 'client', 3)],
  ['maxSessionsPerUser with onLimit refuse', rule({ maxSessionsPerUser: 5, onLimit: 'refuse' }, 'user', 5)],
  [
    'maxSessionsPerDevice with onLimit refuse',
    rule({ maxSessionsPerDevice: 3, onLimit: 'refuse' }, 'device', 3),
  ],
  [
    'maxSessionsPerClient with onLimit refuse',
    rule({ maxSessionsPerClient: 3, onLimit: 'refuse' }, 'client', 3),
  ],
];

/** Each rule has a user of its own, named after it. */
function rule(rules: Race['rules'], per: Rule['per'], max: number): Rule {
  return { userId: JSON.stringify(rules), rules, per, max };
}

interface Case {
  readonly isolation: string;
  readonly rules: readonly (readonly [string, Rule])[];
  /** Applies to all users, so that only one of its limits can be tested at a time. */
  readonly policy?: PolicyPatch;
}

const CASES: readonly (readonly [string, Case])[] = [
  ['read committed and the rules of the app', { isolation: 'read committed', rules: RULES.slice(0, 3) }],
  ['repeatable read and the rules of the app', { isolation: 'repeatable read', rules: RULES }],
  [
    'read committed and the limit of the policy',
    {
      isolation: 'read committed',
      rules: [['maxSessionsPerUser', rule({}, 'user', 5)]],
      policy: { maxSessionsPerUser: 5 },
    },
  ],
  [
    'repeatable read and the limit of the policy',
    {
      isolation: 'repeatable read',
      rules: [['maxSessionsPerDevice', rule({}, 'device', 3)]],
      policy: { maxSessionsPerDevice: 3 },
    },
  ],
];

describe.each(CASES)(
  '200 parallel sign-ins of one user in two processes, with isolation %s,',
  (_, sought) => {
    const { isolation, rules: named, policy = {} } = sought;
    let database: TestDatabase;
    let finishes: ReadonlyMap<Rule, Finish>;
    let sampler: Sampler;

    beforeAll(async () => {
      database = await createDatabase();
      await database.knex.raw(`
        do $$ begin execute format(
          'alter database %I set default_transaction_isolation = %L', current_database(), '${isolation}'); end $$;
        -- Slows sign-ins down between the check and the insert. Without the lock they would not see each other.
        create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(0.001); return new; end $$;
        create trigger dawdle before insert on identity_sessions for each row execute function dawdle()`);
      const administrator = managerOn({ knex: database.knex });
      await administrator.administration.setPolicy(policy);
      await administrator.close();
      const rules = named.map(([, each]) => each);
      sampler = new Sampler(database.connect({ pool: { min: 1, max: 1 } }), rules);
      const results = await sampler.during(run(rules, database.url, await Gate.close(database.knex)));
      finishes = new Map(rules.map((each, index) => [each, results[index]!]));
    }, 90_000);
    afterAll(() => database.destroy());

    it.each(named)(
      'leave exactly as many sessions as %s allows, all of them acknowledged',
      async (_, each) => {
        const { opened, refused } = finishes.get(each)!;
        const refuses = each.rules.onLimit === 'refuse';
        expect(new Set(refused)).toEqual(new Set(refuses ? ['session-limit-reached'] : []));
        expect(opened.length + refused.length).toBe(SIGN_INS);

        const left = (await sampler.live()).filter(({ userId }) => userId === each.userId);
        expect(new Set(sizesOfGroups(left, each))).toEqual(new Set([each.max]));
        expect(opened).toEqual(expect.arrayContaining(left.map(({ sessionId }) => sessionId)));
        if (refuses) expect(opened).toHaveLength(left.length);
      },
    );

    it.each(named)('never exceed %s in any committed state', (_, each) => {
      expect(sampler.samples).toBeGreaterThan(100);
      expect(sampler.most.get(each)).toBe(each.max);
    });
  },
);

interface LiveSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly device: string;
  readonly clientId: string;
}

function sizesOfGroups(sessions: readonly LiveSession[], { per }: Rule): number[] {
  const sizes = new Map<string, number>();
  for (const { userId, device, clientId } of sessions) {
    const group = { user: userId, device, client: clientId }[per];
    sizes.set(group, (sizes.get(group) ?? 0) + 1);
  }
  return [...sizes.values()];
}

/** Reads the committed sessions again and again. */
class Sampler {
  samples = 0;
  /** The highest number of sessions that shared a rule's limit in one sample. */
  readonly most: Map<Rule, number>;

  constructor(
    private readonly pool: Knex,
    rules: readonly Rule[],
  ) {
    this.most = new Map(rules.map((each) => [each, 0]));
  }

  async during<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const end = () => (over = true);
    work.then(end, end);
    while (!over) this.#note(await this.live());
    return work;
  }

  async live(): Promise<readonly LiveSession[]> {
    const { rows } = await this.pool.raw<{ rows: LiveSession[] }>(`
      select replace(session_id::text, '-', '') as "sessionId", user_id as "userId", device, client_id as "clientId"
      from identity_sessions where ended_at is null`);
    return rows;
  }

  #note(sessions: readonly LiveSession[]): void {
    this.samples++;
    for (const [each, most] of this.most) {
      const own = sessions.filter(({ userId }) => userId === each.userId);
      this.most.set(each, Math.max(most, ...sizesOfGroups(own, each)));
    }
  }
}
