import { inSchema, statementsOf, type StatementRunner } from '../../database/statement-runner';
import type { TableSchema } from '../../database/table-schema';
import {
  FIRST_WAIT,
  FREE_FAILURES,
  KNOWN_ADDRESSES,
  LONGEST_WAIT,
  type RetainedAttempts,
  type SignInAttempt,
  type SignInAttempts,
} from '../attempts';
import { time } from './rows';

/** Counts failed sign-ins in the table `identity_session_attempts`. */
export function postgresAttempts(runner: StatementRunner, schema: TableSchema): SignInAttempts {
  return new PostgresAttempts(runner, schema);
}

class PostgresAttempts implements SignInAttempts {
  readonly #runner: StatementRunner;
  readonly #sql: () => Promise<ReturnType<typeof statements>>;

  constructor(runner: StatementRunner, schema: TableSchema) {
    this.#runner = runner;
    this.#sql = schema.statements((name) => statements(inSchema('identity_session_attempts', name)));
  }

  async begin({ account, address }: SignInAttempt, at: number): Promise<number> {
    const { begin } = await this.#sql();
    const [row] = await this.#runner.once(begin, [account, address, at]);
    return row === undefined ? 0 : Math.max(1, Number(row['wait']));
  }

  async succeed({ account, address }: SignInAttempt, at: number): Promise<void> {
    await this.#runner.once((await this.#sql()).succeed, [account, address, at]);
  }

  async cancel({ account, address }: SignInAttempt): Promise<void> {
    await this.#runner.once((await this.#sql()).cancel, [account, address]);
  }

  async prune({ failedAfter, knownAfter }: RetainedAttempts, limit: number): Promise<number> {
    const [row] = await this.#runner.once((await this.#sql()).prune, [failedAfter, knownAfter, limit]);
    return Number(row?.['pruned']);
  }
}

function statements(table: string) {
  const account = `decode($1, 'hex')`;
  const address = `decode($2, 'hex')`;
  const isKnown = `coalesce(${address} = any(a.addresses), false)`;
  const wait = `least(${FIRST_WAIT} * 2 ^ least(a.failures + 1 - ${FREE_FAILURES}, 30), ${LONGEST_WAIT})`;
  return statementsOf(table, {
    /**
     * The row's lock serializes parallel attempts, so that each of them sees the failures before it. Returns a row if the
     * account has to wait: then the update changed nothing.
     */
    begin: `
      with counted as (
        insert into ${table} as a (account, failures, last_at) values (${account}, 1, ${time('$3')})
        on conflict (account) do update set
          last_at = excluded.last_at,
          failures = case when ${isKnown} then a.failures else a.failures + 1 end,
          wait_until = case
            when ${isKnown} then a.wait_until
            when a.failures + 1 >= ${FREE_FAILURES} then ${time(`($3::float8 + ${wait})`)}
          end
        where a.wait_until is null or a.wait_until <= ${time('$3')} or ${isKnown}
        returning 1
      )
      select coalesce(
        (select round(extract(epoch from wait_until) * 1000) from ${table} where account = ${account}) - $3::float8, ${FIRST_WAIT}
      ) as wait
      where not exists (select from counted)`,

    succeed: `
      insert into ${table} as a (account, failures, last_at, addresses)
      values (${account}, 0, ${time('$3')}, array_remove(array[${address}], null))
      on conflict (account) do update set
        failures = 0, wait_until = null, last_at = greatest(a.last_at, excluded.last_at),
        addresses = (excluded.addresses || array_remove(a.addresses, ${address}))[:${KNOWN_ADDRESSES}]`,

    cancel: `
      update ${table} a set failures = greatest(a.failures - 1, 0), wait_until = null
      where account = ${account} and not ${isKnown}`,

    prune: `
      with pruned as (
        delete from ${table} where account = any(array(
          select account from ${table}
          where last_at <= ${time('$1')} and (addresses = '{}' or last_at <= ${time('$2')})
          limit $3
        )) returning 1
      )
      select count(*) as pruned from pruned`,
  });
}
