import { inSchema, statementsOf, type Row, type StatementRunner } from '../../database/statement-runner';
import type { TableSchema } from '../../database/table-schema';
import type { JsonObject, Owner } from '../../session/session';
import type { SingleUseToken, SingleUseTokens, TokenKey } from '../single-use-tokens';
import { time } from './rows';

/** Keeps single-use tokens in the table `identity_session_tokens`. */
export function postgresSingleUseTokens(runner: StatementRunner, schema: TableSchema): SingleUseTokens {
  return new PostgresSingleUseTokens(runner, schema);
}

type Statements = ReturnType<typeof statements>;

class PostgresSingleUseTokens implements SingleUseTokens {
  readonly #runner: StatementRunner;
  readonly #sql: () => Promise<Statements>;

  constructor(runner: StatementRunner, schema: TableSchema) {
    this.#runner = runner;
    this.#sql = schema.statements((name) => statements(inSchema('identity_session_tokens', name)));
  }

  async add({ purpose, hash, owner, content, expiresAt }: SingleUseToken): Promise<void> {
    await this.#once('add', [
      purpose,
      hash,
      owner.userId,
      owner.tenantId ?? null,
      asciiJson(content),
      expiresAt,
    ]);
  }

  async find({ purpose, hash }: TokenKey, at: number): Promise<SingleUseToken | undefined> {
    const [row] = await this.#runner.repeatable((await this.#sql()).find, [purpose, hash, at]);
    return row && tokenIn(row);
  }

  async claim({ purpose, hash }: TokenKey, at: number, until: number): Promise<SingleUseToken | undefined> {
    const [row] = await this.#once('claim', [purpose, hash, at, until]);
    return row && tokenIn(row);
  }

  async release({ purpose, hash }: TokenKey, until: number): Promise<void> {
    await this.#once('release', [purpose, hash, until]);
  }

  async remove({ purpose, hash }: TokenKey): Promise<void> {
    await this.#once('remove', [purpose, hash]);
  }

  async erase({ userId, tenantId }: Owner): Promise<void> {
    await this.#once('erase', [userId, tenantId ?? null]);
  }

  async prune(at: number, limit: number): Promise<number> {
    const [row] = await this.#once('prune', [at, limit]);
    return Number(row?.['pruned']);
  }

  async #once(name: keyof Statements, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.#runner.once((await this.#sql())[name], values);
  }
}

function tokenIn(row: Row): SingleUseToken {
  return {
    purpose: row['purpose'] as SingleUseToken['purpose'],
    hash: row['hash']!,
    owner: { tenantId: row['tenant_id'] ?? null, userId: row['user_id']! },
    content: JSON.parse(row['content']!) as JsonObject,
    expiresAt: Number(row['expires_at']),
  };
}

/** Returns JSON that the database can store in every encoding. All its other characters are within strings. */
function asciiJson(content: JsonObject): string {
  return JSON.stringify(content).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const SELECTED = `purpose, encode(hash, 'hex') as hash, tenant_id, user_id, content,
  round(extract(epoch from expires_at) * 1000) as expires_at`;

function statements(table: string) {
  const named = `purpose = $1 and hash = decode($2, 'hex')`;
  const usable = `${named} and expires_at > ${time('$3')} and (claimed_until is null or claimed_until <= ${time('$3')})`;
  return statementsOf(table, {
    add: `
      insert into ${table} (purpose, hash, user_id, tenant_id, content, expires_at)
      values ($1, decode($2, 'hex'), $3, $4, $5, ${time('$6')})`,

    find: `select ${SELECTED} from ${table} where ${usable}`,

    /** The row's lock serializes parallel claims, and the update checks the condition again after it waited for the lock. */
    claim: `update ${table} set claimed_until = ${time('$4')} where ${usable} returning ${SELECTED}`,

    release: `update ${table} set claimed_until = null where ${named} and claimed_until = ${time('$3')}`,

    remove: `delete from ${table} where ${named}`,

    erase: `delete from ${table} where user_id = $1 and tenant_id is not distinct from $2`,

    prune: `
      with pruned as (
        delete from ${table} where hash = any(array(select hash from ${table} where expires_at <= ${time('$1')} limit $2)) returning 1
      )
      select count(*) as pruned from pruned`,
  });
}
