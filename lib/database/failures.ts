import { plainRefusal, SessionError } from '../errors';

/** SQLSTATE classes and codes of temporary failures, as opposed to mistakes in a statement. */
const NOT_NOW = /^(08|28|53|57P0[1-5]|25006|3D000|57014|55P03|40001|40P01)/;

/** SQLSTATE classes and codes that mean that the server cannot serve any statement. */
const UNREACHABLE = /^(08|53|57P0[1-5])/;

/** SQLSTATE classes and codes after which the connection is closed. */
const LOST = /^(08|57P0[1-3])/;

/** SQLSTATE codes of text that the encoding of the database cannot represent. */
const UNSTORABLE = /^(22P05|22021)$/;
const UNSTORABLE_TEXT =
  'A value contains characters that the database cannot store: use other characters, or a database with the encoding UTF8.';

/** The fields of a server error that contain names, and never values of a row. */
const NAMES = ['code', 'severity', 'schema', 'table', 'column', 'dataType', 'constraint', 'routine'] as const;

/** SQLSTATE classes and codes whose messages contain names, and never values of a row. */
const NAMES_ONLY = /^(08|0A|23|25|26|28|2D|3D|3F|40|42(?!601)|53|54|55|57|58|XX)/;

/** The routine of the server that raises errors of triggers in PL/pgSQL. Their messages may contain anything. */
const RAISE = 'exec_stmt_raise';

/**
 * Returns a copy of a server error without values of a row, for logs and error handlers. PostgreSQL writes such values to
 * `detail`, `hint`, `where` and some messages. Other errors are returned unchanged, unless such an error is their cause.
 */
export function withoutValues(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const state = sqlState(error);
  if (state === undefined) return withCleanCause(error);
  const { routine } = error as { readonly routine?: unknown };
  const shown = NAMES_ONLY.test(state) && routine !== RAISE;
  const omitted = `PostgreSQL failed with SQLSTATE ${state}. Its message is omitted, because it may contain data.`;
  const clean = new Error(shown ? error.message : omitted);
  clean.name = 'DatabaseError';
  const given = error as Partial<Record<(typeof NAMES)[number], unknown>>;
  for (const name of NAMES) if (given[name] !== undefined) Object.assign(clean, { [name]: given[name] });
  return clean;
}

function withCleanCause(error: Error): Error {
  const cause = withoutValues(error.cause);
  return cause === error.cause ? error : new Error(error.message, { cause });
}

/** Returns true if the call failed because the encoding of the database cannot represent a text. Nothing has changed then. */
export function isUnstorable(error: unknown): boolean {
  return error instanceof SessionError && UNSTORABLE.test(sqlState(error.cause) ?? '');
}

/**
 * Maps an error of a statement to the error to throw. Errors of the network, of the pool, and temporary errors of the
 * server become `store-unavailable`. Text that cannot be stored becomes `invalid-request`. Other errors are mistakes: missing
 * tables get a message that says how to create them, and other server errors are returned without values of a row.
 * @param schema The schema of the tables, if the app configured one.
 */
export function refusalOf(error: unknown, schema?: string): unknown {
  if (error instanceof SessionError || error instanceof TypeError || error instanceof RangeError)
    return error;
  const state = sqlState(error);
  const cause = withoutValues(error);
  if (state !== undefined && UNSTORABLE.test(state)) {
    return new SessionError('invalid-request', UNSTORABLE_TEXT, { cause });
  }
  if (state === '42P01' || state === '3F000') return new Error(tablesMissing(schema), { cause });
  if (state !== undefined && !NOT_NOW.test(state)) return cause;
  return unavailable(cause);
}

/** Returns the message about missing tables, with the call that creates them. */
export function tablesMissing(schema: string | undefined): string {
  const tables = 'The tables of express-identity-sessions are missing';
  if (schema === undefined) {
    return `${tables}: run its migrations first (\`await migrate(knex)\`), or set the option \`schema\` to the schema that contains them`;
  }
  const name = JSON.stringify(schema);
  return `${tables} from the schema ${name}: run its migrations there first (\`await migrate(knex, { schema: ${name} })\`)`;
}

export function unavailable(cause: unknown): SessionError {
  return plainRefusal('store-unavailable', { retryAfter: 1, cause });
}

/** Returns true if the database did not answer or cannot serve any statement. Contention on a row does not count. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof SessionError) || error.code !== 'store-unavailable') return false;
  const state = sqlState(error.cause);
  return state === undefined || UNREACHABLE.test(state);
}

/** Returns true if the connection broke, so that the statement may or may not have run. */
export function isConnectionLost(error: unknown): boolean {
  const cause = error instanceof SessionError ? error.cause : error;
  const state = sqlState(cause);
  if (state !== undefined) return LOST.test(state);
  return (
    cause instanceof Error &&
    /Connection terminated|not queryable|ECONNRESET|EPIPE/.test(`${cause.message} ${codeOf(cause)}`)
  );
}

/**
 * Returns true if a prepared statement is missing or already exists. Then a pooler between the app and the server has
 * assigned a different connection.
 */
export function isUnprepared(error: unknown): boolean {
  return /^(26000|42P05)$/.test(sqlState(error) ?? '');
}

/**
 * Returns true if a prepared statement no longer fits its tables, because the type of a column has changed since. The code
 * alone also means unsupported features, and the message is translated.
 */
export function isStale(error: unknown): boolean {
  return sqlState(error) === '0A000' && (error as { routine?: unknown }).routine === 'RevalidateCachedQuery';
}

/**
 * Returns true if the server rolled the transaction back because of other transactions. The same transaction can succeed
 * later. A single statement is a transaction too, and it fails in this way if the default isolation level of the database
 * or the role is above READ COMMITTED.
 */
export function isConflict(error: unknown): boolean {
  return /^(40001|40P01)$/.test(sqlState(error) ?? '');
}

/** Returns PostgreSQL's five-character error code, or `undefined` if the error did not come from the server. */
export function sqlState(error: unknown): string | undefined {
  const code = codeOf(error);
  return /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code) ? code : undefined;
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
