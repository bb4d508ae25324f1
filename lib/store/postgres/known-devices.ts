import { inSchema, type StatementRunner } from '../../database/statement-runner';
import type { TableSchema } from '../../database/table-schema';
import { bucketIn } from '../../session/bucket';
import type { Owner } from '../../session/session';
import type { KnownDevice, KnownDevices, Novelty, Sighting } from '../known-devices';
import { inBucket, placeValues, statementsOn } from './buckets';
import { ownerLock } from './credential-changes';
import { OwnerQueue } from './owner-queue';
import { day } from './rows';
import { tablesIn, type Tables } from './tables';

/** Remembers devices in the table `identity_session_devices`. */
export function postgresKnownDevices(runner: StatementRunner, schema: TableSchema): KnownDevices {
  return new PostgresKnownDevices(runner, schema);
}

/** A row of the list, as text. */
interface KnownDeviceRow {
  readonly device: string;
  readonly used_on: string;
}

type Statements = ReturnType<typeof statements>;

class PostgresKnownDevices implements KnownDevices {
  readonly #runner: StatementRunner;
  readonly #sql: () => Promise<Statements & { readonly partitions: number }>;
  readonly #unknown = new OwnerQueue((sightings: readonly Sighting[]) => this.#addUnderLock(sightings));

  constructor(runner: StatementRunner, schema: TableSchema) {
    this.#runner = runner;
    this.#sql = schema.statements((name, partitions) => ({
      ...statements(inSchema('identity_session_devices', name), tablesIn(name, partitions)),
      partitions,
    }));
  }

  /** Most devices are known. Only for the others, the owner's lock decides which sign-in was the first. */
  async note(sighting: Sighting): Promise<Novelty> {
    const { owner, device, at } = sighting;
    const found = await this.#once('renew', [...valuesOf(owner), device, at]);
    return found.length > 0 ? 'known' : this.#unknown.run(owner, sighting);
  }

  async renew(owner: Owner, device: string, at: number): Promise<void> {
    await this.#once('renew', [...valuesOf(owner), device, at]);
  }

  async list(owner: Owner, limit: number, after = ''): Promise<readonly KnownDevice[]> {
    const sql = await this.#sql();
    const found = await this.#runner.repeatable<KnownDeviceRow>(sql.list, [...valuesOf(owner), after, limit]);
    return found.map(({ device, used_on: usedOn }) => ({ device, usedOn }));
  }

  async forget(owner: Owner, device: string): Promise<void> {
    await this.#once('forget', [...valuesOf(owner), device]);
  }

  async forgetAll(owner: Owner): Promise<void> {
    await this.#once('forgetAll', valuesOf(owner));
  }

  async prune(before: number, limit: number): Promise<number> {
    const [row] = await this.#once('prune', [before, limit]);
    return Number(row?.['pruned']);
  }

  /** Adds devices of one owner. Each statement after the lock sees the devices that were added before it. */
  async #addUnderLock(sightings: readonly Sighting[]): Promise<readonly Novelty[]> {
    const sql = await this.#sql();
    return this.#runner.transaction(async (run) => {
      const owner = valuesOf(sightings[0]!.owner);
      await run(sql.lock, owner);
      const novelties: Novelty[] = [];
      for (const { device, sessionId, at } of sightings) {
        const [added] = await run(sql.add, [
          ...[...owner, device, at, sessionId],
          ...placeValues(sql.partitions, bucketIn(sessionId)),
        ]);
        novelties.push((added?.['novelty'] as Novelty | null | undefined) ?? 'known');
      }
      return novelties;
    });
  }

  async #once(name: keyof Statements, values: readonly unknown[]) {
    return this.#runner.once((await this.#sql())[name], values);
  }
}

/** The table has no null for a missing tenant, because it is part of the key. */
function valuesOf({ userId, tenantId }: Owner): readonly unknown[] {
  return [userId, tenantId ?? ''];
}

function statements(table: string, tables: Tables) {
  const owned = 'user_id = $1 and tenant = $2';
  const device = `decode($3, 'hex')`;
  return statementsOn(table, tables.partitions, {
    lock: `select pg_advisory_xact_lock(${ownerLock('$2::text', '$1::text')})`,

    /** Returns a row if the device is known. Writes at most once a day. */
    renew: `
      with renewed as (
        update ${table} set used_on = ${day('$4')} where ${owned} and device = ${device} and used_on < ${day('$4')}
      )
      select 1 as known from ${table} where ${owned} and device = ${device}`,

    /**
     * Locks the row of the session, so that it is not erased at the same time: an erasure deletes the sessions first, and then sees
     * this device.
     */
    add: `
      with live as materialized (
        select 1 from ${tables.sessions} s where session_id = $5${inBucket(tables, '$6')} for key share
      )
      insert into ${table} (user_id, tenant, device, used_on)
      select $1, $2, ${device}, ${day('$4')} from live
      on conflict do nothing
      returning case when exists (select from ${table} where ${owned}) then 'new' else 'first' end as novelty`,

    list: `
      select encode(device, 'hex') as device, to_char(used_on, 'YYYY-MM-DD') as used_on from ${table}
      where ${owned} and device > ${device} order by device limit $4`,

    forget: `delete from ${table} where ${owned} and device = ${device}`,

    forgetAll: `delete from ${table} where ${owned}`,

    prune: `
      with pruned as (
        delete from ${table} where ctid = any(array(
          select ctid from ${table} where used_on < ${day('$1')} limit $2 for update skip locked
        )) returning 1
      )
      select count(*) as pruned from pruned`,
  });
}
