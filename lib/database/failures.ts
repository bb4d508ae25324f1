import { plainRefusal, SessionError } from '../errors';

/** SQLSTATE classes and codes that mean "not now" or "not here", rather than that a statement is wrong. */
const NOT_NOW = /^(08|28|53|57P0[1-5]|25006|3D000|57014|55P03|40001|40P01)/;

const UNREACHABLE = /^(08|53|57P0[1-5])/;

const LOST = /^(08|57P0[1-3])/;

/**
 * Errors of the network, the pool and the server's health become `store-unavailable`; others are mistakes and stay.
 * @param schema Where the tables were looked for, unless it is the first of the search path.
 */
export function refusalOf(error: unknown, schema?: string): unknown {
  if (error instanceof SessionError || error instanceof TypeError || error instanceof RangeError)
    return error;
  const state = sqlState(error);
  if (state === '42P01' || state === '3F000') return new Error(tablesMissing(schema), { cause: error });
  if (state !== undefined && !NOT_NOW.test(state)) return error;
  return unavailable(error);
}

function tablesMissing(schema: string | undefined): string {
  const tables = 'The tables of express-identity-sessions are missing';
  if (schema === undefined) {
    return `${tables}: run its migrations (\`await migrate(knex)\`) first, or say which \`schema\` they are in`;
  }
  const name = JSON.stringify(schema);
  return `${tables} from the schema ${name}: run its migrations there (\`await migrate(knex, { schema: ${name} })\`) first`;
}

export function unavailable(cause: unknown): SessionError {
  return plainRefusal('store-unavailable', { retryAfter: 1, cause });
}

/** Whether the database did not answer at all, or said that it cannot serve; contention on a row is no such failure. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof SessionError) || error.code !== 'store-unavailable') return false;
  const state = sqlState(error.cause);
  return state === undefined || UNREACHABLE.test(state);
}

export function isConnectionLost(error: unknown): boolean {
  const cause = error instanceof SessionError ? error.cause : error;
  const state = sqlState(cause);
  if (state !== undefined) return LOST.test(state);
  return (
    cause instanceof Error &&
    /Connection terminated|not queryable|ECONNRESET|EPIPE/.test(`${cause.message} ${codeOf(cause)}`)
  );
}

/** Whether a statement that was kept prepared is not there, or is there already: the connection is not always the same. */
export function isUnprepared(error: unknown): boolean {
  return /^(26000|42P05)$/.test(sqlState(error) ?? '');
}

/** The five characters that PostgreSQL says it with, or undefined when it was not PostgreSQL that spoke. */
export function sqlState(error: unknown): string | undefined {
  const code = codeOf(error);
  return /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code) ? code : undefined;
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
