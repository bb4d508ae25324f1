import { withIpAddress } from '../../session/ip-address';
import type { EndedSession, SessionReference, StoredSession } from '../../session/session';
import type { EndReason } from '../../session/end-reason';

/** A row of `identity_sessions`, as `SELECTED` reads it: times are milliseconds since 1970, in digits. */
export interface SessionRow {
  readonly session_id: string;
  readonly secret_hash: string;
  readonly tenant_id: string | null;
  readonly user_id: string;
  readonly client_id: string | null;
  readonly device: string;
  readonly device_info: string | null;
  readonly user_agent: string | null;
  readonly ip_addresses: string | null;
  readonly stay_signed_in: 't' | 'f';
  readonly signed_in: string;
  readonly last_accessed: string | null;
  readonly extra_properties: string | null;
  readonly data: string | null;
  readonly auth_id: string | null;
  readonly node: string | null;
  readonly ended_at: string | null;
  readonly end_reason: EndReason | null;
  readonly ended_by: string | null;
}

/** The session that a row holds. What is in it is frozen: caches and requests share it. */
export function sessionOf(row: SessionRow): StoredSession {
  return {
    sessionId: hex(row.session_id),
    secretHash: row.secret_hash,
    tenantId: row.tenant_id,
    userId: row.user_id,
    clientId: row.client_id,
    device: row.device,
    deviceInfo: row.device_info,
    userAgent: row.user_agent,
    ipAddresses: row.ip_addresses ? row.ip_addresses.split(',').reduce(withIpAddress, NONE) : NONE,
    staySignedIn: row.stay_signed_in === 't',
    signedIn: Number(row.signed_in),
    lastAccessed: timeOf(row.last_accessed),
    extraProperties: row.extra_properties ? propertiesOf(row.extra_properties) : NO_PROPERTIES,
    data: row.data ? propertiesOf(row.data) : NO_PROPERTIES,
    authId: row.auth_id,
    node: row.node,
    endedAt: timeOf(row.ended_at),
    endReason: row.end_reason,
    endedBy: row.ended_by,
  };
}

/** The columns that name a session to people. */
export const REFERENCE = [
  'session_id',
  'tenant_id',
  'user_id',
  'client_id',
  'auth_id',
] as const satisfies readonly (keyof SessionRow)[];

/** The columns that are told of a session that has been ended. */
export const ENDED = [
  ...REFERENCE,
  'end_reason',
  'ended_by',
] as const satisfies readonly (keyof SessionRow)[];

export type ReferenceRow = Pick<SessionRow, (typeof REFERENCE)[number]>;
export type EndedRow = Pick<SessionRow, (typeof ENDED)[number]>;

/** The session that a row names. */
export function referenceOf(row: ReferenceRow): SessionReference {
  return {
    sessionId: hex(row.session_id),
    tenantId: row.tenant_id,
    userId: row.user_id,
    clientId: row.client_id,
    authId: row.auth_id,
  };
}

/** The session that a row tells of. */
export function endedSessionOf(row: EndedRow): EndedSession {
  return { ...referenceOf(row), endReason: row.end_reason!, endedBy: row.ended_by };
}

/** How a column's value is written from a parameter, and read. */
interface Codec {
  readonly written: (parameter: string) => string;
  readonly read: (value: string) => string;
}

const plain: Codec = { written: (parameter) => parameter, read: (value) => value };
const instant: Codec = {
  written: time,
  read: (value) => `round(extract(epoch from ${value}) * 1000)`,
};
const bytes: Codec = {
  written: (parameter) => `decode(${parameter}, 'hex')`,
  read: (value) => `encode(${value}, 'hex')`,
};

const CODECS: Readonly<Record<keyof SessionRow, Codec>> = {
  session_id: plain,
  secret_hash: bytes,
  tenant_id: plain,
  user_id: plain,
  client_id: plain,
  device: plain,
  device_info: plain,
  user_agent: plain,
  ip_addresses: plain,
  stay_signed_in: plain,
  signed_in: instant,
  last_accessed: instant,
  extra_properties: plain,
  data: plain,
  auth_id: plain,
  node: plain,
  ended_at: instant,
  end_reason: plain,
  ended_by: plain,
};

/** The columns of a row, in the order of `valuesOf`. */
export const COLUMNS = Object.keys(CODECS) as readonly (keyof SessionRow)[];

/** A session that ended with everything has no mark of its own. */
const ENDED_WITH_EVERYTHING: Partial<Record<keyof SessionRow, string>> = {
  ended_at: 'coalesce(s.ended_at, epoch_at)',
  end_reason: "case when epoch_at is null then s.end_reason else 'administrator' end",
  ended_by: 'case when epoch_at is null then s.ended_by else epoch_by end',
};

/** What a select of whole rows lists, from sessions `s` with their epochs. */
export const SELECTED = COLUMNS.map((column) => {
  const value = ENDED_WITH_EVERYTHING[column] ?? `s.${column}`;
  return `${CODECS[column].read(value)} as ${column}`;
}).join(', ');

/** What an insert of a whole row gives, from the parameters $1 onwards. */
export const WRITTEN = COLUMNS.map((column, index) => CODECS[column].written(`$${index + 1}`)).join(', ');

/** The parameters of a whole row. */
export function valuesOf(session: StoredSession): unknown[] {
  const values: Record<keyof SessionRow, unknown> = {
    session_id: session.sessionId,
    secret_hash: session.secretHash,
    tenant_id: session.tenantId,
    user_id: session.userId,
    client_id: session.clientId,
    device: session.device,
    device_info: session.deviceInfo,
    user_agent: session.userAgent,
    ip_addresses: session.ipAddresses.join() || null,
    stay_signed_in: session.staySignedIn,
    signed_in: session.signedIn,
    last_accessed: session.lastAccessed,
    extra_properties: propertiesText(session.extraProperties),
    data: propertiesText(session.data),
    auth_id: session.authId,
    node: session.node,
    ended_at: session.endedAt,
    end_reason: session.endReason,
    ended_by: session.endedBy,
  };
  return COLUMNS.map((column) => values[column]);
}

/** A point in time, from milliseconds since 1970; minus infinity is one too. */
export function time(milliseconds: string): string {
  return `to_timestamp(${milliseconds}::float8 / 1000)`;
}

/** The day of a point in time, in UTC. */
export function day(milliseconds: string): string {
  return `(${time(milliseconds)} at time zone 'UTC')::date`;
}

/** PostgreSQL writes a uuid with dashes. */
export function hex(uuid: string): string {
  return uuid.replaceAll('-', '');
}

/** Null for no properties at all, as most sessions have. */
export function propertiesText(properties: Readonly<Record<string, unknown>>): string | null {
  const text = JSON.stringify(properties);
  return text === '{}' ? null : text;
}

const NONE: readonly string[] = Object.freeze([]);
const NO_PROPERTIES: Readonly<Record<string, unknown>> = Object.freeze({});

function propertiesOf(json: string): Readonly<Record<string, unknown>> {
  return JSON.parse(json, (_key, value: unknown) => Object.freeze(value)) as Record<string, unknown>;
}

function timeOf(digits: string | null): number | null {
  return digits === null ? null : Number(digits);
}
