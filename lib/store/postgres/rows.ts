import type { ClientHints } from '../../session/device/client-hints';
import {
  REFERENCE_FIELDS,
  copyOf,
  type EndedSession,
  type JsonObject,
  type SessionReference,
  type StoredSession,
} from '../../session/session';
import { isTooDeep } from '../../session/text';
import type { Tables } from './tables';

/** Maps one field of a session to its column. */
interface Field<T> {
  readonly column: string;
  /** Returns the SQL that turns a parameter into the column's value. */
  readonly written: (parameter: string) => string;
  /** Returns the SQL that reads the column's value as text. */
  readonly selected: (column: string) => string;
  readonly toParameter: (value: T) => unknown;
  readonly fromText: (text: string | null) => T;
}

/** The columns of `identity_sessions`. Statements, rows and inserts follow from this table. */
const FIELDS = {
  sessionId: field('session_id', { fromText: (uuid) => hex(uuid!) }),
  secretHash: hash<string>('secret_hash'),
  secretFamily: hash('secret_family'),
  secretIssuedAt: point('secret_issued_at'),
  secretGivenAgain: field<number>('secret_given_again', {
    toParameter: (times) => times || null,
    fromText: Number,
  }),
  secretSalt: bytes('secret_salt'),
  secretConfirmedAt: point('secret_confirmed_at'),
  earlierSecretHashes: hash('earlier_secret_hashes'),
  earlierAssurance: field<JsonObject | null>('earlier_assurance', {
    toParameter: (assurance) => assurance && JSON.stringify(assurance),
    fromText: (value) => (value === null ? null : objectIn('earlier_assurance', value)),
  }),
  knownDevice: bytes('known_device'),
  tenantId: optionalText('tenant_id'),
  userId: text('user_id'),
  clientId: optionalText('client_id'),
  actor: optionalText('actor'),
  device: text('device'),
  deviceInfo: optionalText('device_info'),
  userAgent: optionalText('user_agent'),
  clientHints: field<ClientHints | null>('client_hints', {
    toParameter: (hints) => hints && JSON.stringify(hints),
    fromText: (value) => (value === null ? null : objectIn('client_hints', value)),
  }),
  signInAddress: optionalText('sign_in_address'),
  ipAddresses: field<readonly string[]>('ip_addresses', {
    toParameter: (addresses) => addresses.join() || null,
    fromText: (list) => (list ? Object.freeze(list.split(',')) : NO_ADDRESSES),
  }),
  staySignedIn: field<boolean>('stay_signed_in', { fromText: (letter) => letter === 't' }),
  signedIn: point<number>('signed_in'),
  lastAccessed: point('last_accessed'),
  extraProperties: json('extra_properties'),
  data: json('data'),
  protocolData: json<StoredSession['protocolData']>('protocol_data'),
  authId: optionalText('auth_id'),
  node: optionalText('node'),
  endedAt: point('ended_at'),
  endReason: field<StoredSession['endReason']>('end_reason'),
  endedBy: optionalText('ended_by'),
  boundAt: point('bound_at'),
  boundKey: optionalText('bound_key'),
  name: optionalText('name'),
} satisfies {
  readonly [Name in keyof Omit<StoredSession, 'idleTimeout' | 'nothingDueBefore' | 'view'>]: Field<
    StoredSession[Name]
  >;
};

type Name = keyof typeof FIELDS;

const NAMES = Object.keys(FIELDS) as readonly Name[];

/** A selected row: the value of each column as text. */
export type SessionRow = Readonly<Record<string, string | null>>;

/** The columns of a row, in the order of `valuesOf`. */
export const COLUMNS: readonly string[] = NAMES.map((name) => FIELDS[name].column);

/** The columns that name a session. */
export const REFERENCE: readonly string[] = REFERENCE_FIELDS.map((name) => FIELDS[name].column);

/** The columns that are returned for a session that a statement has ended. */
export const ENDED: readonly string[] = [...REFERENCE, FIELDS.endReason.column, FIELDS.endedBy.column];

/** A session that ended together with all others has no mark of its own. Its epoch holds the time and the actor. */
const ENDED_WITH_EVERYTHING: Partial<Record<Name, string>> = {
  endedAt: 'coalesce(s.ended_at, epoch_at)',
  endReason: "case when epoch_at is null then s.end_reason else 'administrator' end",
  endedBy: 'case when epoch_at is null then s.ended_by else epoch_by end',
};

const SELECTED = NAMES.map((name) => {
  const { column, selected } = FIELDS[name];
  return `${selected(ENDED_WITH_EVERYTHING[name] ?? `s.${column}`)} as ${column}`;
}).join(', ');

/**
 * Returns the select list for whole rows, from sessions `s` joined with their epochs. The idle timeout is part of the policy. Its
 * change removes all sessions from the caches, so that a cached session always has the timeout in force.
 */
export function selected({ policy }: Tables): string {
  return `${SELECTED}, case when not s.stay_signed_in then (select idle_timeout from ${policy} where one) end as idle_timeout`;
}

/** The values of an insert of a whole row, from the parameters $1 onwards. */
export const WRITTEN = NAMES.map((name, index) => FIELDS[name].written(`$${index + 1}`)).join(', ');

/**
 * Returns the session that a row holds. Its parts are frozen, because the cache and requests share them. If its JSON cannot
 * be read, the session has empty objects and a `defect`, so that one row does not fail the sessions that were read with it.
 */
export function sessionFromRow(row: SessionRow): StoredSession {
  try {
    return wholeSession(row);
  } catch (cause) {
    const session = wholeSession({ ...row, ...WITHOUT_JSON });
    const problem = `The row of session ${session.sessionId} in identity_sessions cannot be read: ${(cause as Error).message}. Correct the column, or end the session`;
    return { ...session, defect: new Error(problem, { cause }) };
  }
}

function wholeSession(row: SessionRow): StoredSession {
  const { idle_timeout: idleTimeout = null } = row;
  const fields = read(row, NAMES);
  fields['idleTimeout'] = idleTimeout === null ? null : Number(idleTimeout);
  // An object that was filled by computed names is slow to read and to copy. This copy is not.
  return copyOf(fields as unknown as StoredSession);
}

/** Returns the temporary data of a row. */
export function dataIn(row: SessionRow): JsonObject {
  return FIELDS.data.fromText(row['data'] ?? null);
}

/** Returns the session that a row names. */
export function referenceFromRow(row: SessionRow): SessionReference {
  return read(row, REFERENCE_FIELDS) as unknown as SessionReference;
}

/** Returns the ended session that a row describes. */
export function endedSessionFromRow(row: SessionRow): EndedSession {
  return read(row, [...REFERENCE_FIELDS, 'endReason', 'endedBy']) as unknown as EndedSession;
}

/** Returns the parameters of an insert. */
export function valuesOf(session: StoredSession): unknown[] {
  return NAMES.map((name) => (FIELDS[name] as Field<unknown>).toParameter(session[name]));
}

/** Returns SQL for the point in time of a number of milliseconds since 1970. The number may be minus infinity. */
export function time(milliseconds: string): string {
  return `to_timestamp(${milliseconds}::float8 / 1000)`;
}

/** Returns SQL for the day, in UTC, of a number of milliseconds since 1970. */
export function day(milliseconds: string): string {
  return `(${time(milliseconds)} at time zone 'UTC')::date`;
}

/** Returns a uuid without the dashes that PostgreSQL writes. */
export function hex(uuid: string): string {
  return uuid.replaceAll('-', '');
}

/** Returns the object as JSON, or null for an empty object: most sessions have no properties. */
export function jsonText(object: JsonObject): string | null {
  const json = JSON.stringify(object);
  return json === '{}' ? null : json;
}

const NO_ADDRESSES: readonly string[] = Object.freeze([]);
const WITHOUT_JSON: SessionRow = {
  client_hints: null,
  earlier_assurance: null,
  extra_properties: null,
  data: null,
  protocol_data: null,
};
const NO_PROPERTIES: JsonObject = Object.freeze({});

function read(row: SessionRow, names: readonly Name[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of names) {
    const { column, fromText } = FIELDS[name];
    fields[name] = fromText(row[column] ?? null);
  }
  return fields;
}

function field<T>(column: string, parts: Partial<Omit<Field<T>, 'column'>> = {}): Field<T> {
  return {
    column,
    written: (parameter) => parameter,
    selected: (value) => value,
    toParameter: (value) => value,
    fromText: (value) => value as T,
    ...parts,
  };
}

function text(column: string): Field<string> {
  return field(column);
}

function optionalText(column: string): Field<string | null> {
  return field(column);
}

/** A hash, as text of which each character is one byte. */
function hash<T extends string | null = string | null>(column: string): Field<T> {
  return {
    ...bytes<T>(column),
    toParameter: (characters) => characters && hexadecimal(characters),
    fromText: (digits) => (digits && Buffer.from(digits, 'hex').toString('latin1')) as T,
  };
}

/** Returns the hexadecimal digits of text of which each character is one byte. */
export function hexadecimal(characters: string): string {
  return Buffer.from(characters, 'latin1').toString('hex');
}

/** Bytes, as hexadecimal digits. */
function bytes<T extends string | null = string | null>(column: string): Field<T> {
  return field<T>(column, {
    written: (parameter) => `decode(${parameter}, 'hex')`,
    selected: (value) => `encode(${value}, 'hex')`,
  });
}

/** A point in time: milliseconds since 1970. */
function point<T extends number | null = number | null>(column: string): Field<T> {
  return field<T>(column, {
    written: time,
    selected: (value) => `round(extract(epoch from ${value}) * 1000)`,
    fromText: (digits) => (digits === null ? null : Number(digits)) as T,
  });
}

function json<T extends JsonObject = JsonObject>(column: string): Field<T> {
  return field<T>(column, {
    toParameter: jsonText,
    fromText: (value) => (value === null ? NO_PROPERTIES : objectIn(column, value)) as T,
  });
}

/** @throws Error if the JSON is not an object, or if it is nested too deeply. The app has written it without this package. */
function objectIn(column: string, json: string): JsonObject {
  if (!json.startsWith('{')) throw new Error(`"${column}" is not a JSON object`);
  if (isTooDeep(json)) throw new Error(`"${column}" is nested too deeply`);
  return JSON.parse(json, (_key, part: unknown) => Object.freeze(part)) as JsonObject;
}
