import fc from 'fast-check';

import { appConnections } from '../../../lib/database/knex';
import { StatementRunner, type Row } from '../../../lib/database/statement-runner';
import type { StoredSession } from '../../../lib/session/session';
import {
  COLUMNS,
  day,
  hex,
  jsonText,
  selected,
  sessionFromRow,
  time,
  valuesOf,
  WRITTEN,
  type SessionRow,
} from '../../../lib/store/postgres/rows';
import { withEpochs } from '../../../lib/store/postgres/epochs';
import { tablesIn } from '../../../lib/store/postgres/tables';
import { createDatabase, type TestDatabase } from '../../support/database';
import { aSession, DAY } from '../../support/sessions';
import { anyCharacter } from '../../support/text';

const NOON = Date.UTC(2026, 0, 15, 12);

let database: TestDatabase;
let runner: StatementRunner;

beforeAll(async () => {
  database = await createDatabase();
  runner = new StatementRunner(appConnections(database.knex), { budget: 30_000 });
});
afterAll(() => database.destroy());

/** Inserts the session and reads it back from its row. */
async function throughTheDatabase(session: StoredSession, by = runner): Promise<StoredSession> {
  const insert = {
    name: 'insert',
    text: `insert into identity_sessions (${COLUMNS.join(', ')}, active_day) values (${WRITTEN}, '2026-01-15')`,
  };
  const find = {
    name: 'find',
    text: `select ${selected(tablesIn('public'))} from ${withEpochs(tablesIn('public'))} where session_id = $1`,
  };
  await by.once(insert, valuesOf(session));
  const [row] = await by.repeatable<SessionRow>(find, [session.sessionId]);
  return sessionFromRow(row!);
}

/** Evaluates an SQL expression of one parameter, and returns its value as text. */
async function valueOf(expression: string, parameter: unknown, by = runner): Promise<string | null> {
  const [row] = await by.repeatable<Row>({ name: '', text: `select (${expression})::text as value` }, [
    parameter,
  ]);
  return row!['value']!;
}

/** Returns a runner whose connections use the given PostgreSQL settings. */
function runnerWith(...settings: string[]): StatementRunner {
  const options = encodeURIComponent(settings.map((setting) => `-c ${setting}`).join(' '));
  const knex = database.connect({ connection: `${database.url}?options=${options}` });
  return new StatementRunner(appConnections(knex), { budget: 30_000 });
}

describe('the row of a session', () => {
  /** Any text that PostgreSQL can store, often with characters that are special in SQL, arrays or JSON. */
  const text = fc.oneof(
    fc.constantFrom(
      '',
      ' ',
      'null',
      'NULL',
      '{}',
      '{a,b}',
      "O'Brien",
      '"',
      '\\',
      '\\x00',
      '$1',
      '?',
      ',',
      '\n\t',
    ),
    fc.string({ unit: anyCharacter, maxLength: 40 }).filter((value) => !value.includes('\0')),
  );
  const instant = fc.oneof(
    fc.constantFrom(0, 1, 999, NOON, NOON + 1, Date.UTC(9999, 11, 31)),
    fc.integer({ min: 0, max: Date.UTC(2200, 0) }),
  );
  const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
  const hexadecimal = (length: number) =>
    fc
      .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
      .map((digits) => digits.join(''));
  const bytes = (digits: string) => Buffer.from(digits, 'hex').toString('latin1');
  /** JSON objects, without values that exist only in JavaScript. */
  const properties = fc
    .dictionary(text, fc.jsonValue({ stringUnit: 'binary' }), { maxKeys: 4 })
    .map((value) => JSON.stringify(value))
    .filter((json) => !json.includes('\\u0000'))
    .map((json) => JSON.parse(json) as Record<string, unknown>);

  /** The characters of levels and methods; `checkedAcr` refuses others. */
  const methodName = fc.stringMatching(/^[!#-[\]-~]{1,20}$/);

  const anySession: fc.Arbitrary<StoredSession> = fc.record({
    sessionId: hexadecimal(32),
    secretHash: hexadecimal(64).map(bytes),
    secretFamily: orNull(hexadecimal(32).map(bytes)),
    secretIssuedAt: orNull(instant),
    secretGivenAgain: fc.nat(1000),
    secretSalt: orNull(hexadecimal(32)),
    secretConfirmedAt: orNull(instant),
    earlierSecretHashes: orNull(hexadecimal(128).map(bytes)),
    earlierAssurance: orNull(properties),
    knownDevice: orNull(hexadecimal(64)),
    boundKey: orNull(text),
    boundAt: orNull(instant),
    tenantId: orNull(text),
    userId: text,
    clientId: orNull(text),
    actor: orNull(text),
    device: text,
    deviceInfo: orNull(text),
    userAgent: orNull(text),
    clientHints: orNull(
      fc.record(
        { platform: text, mobile: fc.boolean(), brands: fc.array(fc.record({ name: text, version: text })) },
        { requiredKeys: ['platform'] },
      ),
    ),
    signInAddress: orNull(fc.ipV4()),
    ipAddresses: fc.uniqueArray(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: 5 }),
    staySignedIn: fc.boolean(),
    idleTimeout: fc.constant(null),
    signedIn: instant,
    authenticatedAt: orNull(instant),
    acr: orNull(methodName),
    amr: fc.uniqueArray(methodName, { maxLength: 4 }),
    lastAccessed: orNull(instant),
    extraProperties: properties,
    data: properties,
    protocolData: fc.dictionary(text, properties, { maxKeys: 2 }),
    authId: orNull(hexadecimal(32)),
    node: orNull(text),
    endedAt: orNull(instant),
    endReason: fc.constantFrom('revoked', 'displaced', null),
    endedBy: orNull(text),
    name: orNull(text),
  });

  it('preserves any value of any field', async () => {
    await fc.assert(
      fc.asyncProperty(anySession, async (session) => {
        await database.knex.raw('delete from identity_sessions');
        expect(await throughTheDatabase(session)).toEqual(session);
      }),
      { numRuns: 100 },
    );
  });

  it('has one column for each field, except the idle timeout', () => {
    const session = aSession(NOON);
    // The idle timeout belongs to the policy.
    expect(COLUMNS).toHaveLength(Object.keys(session).length - 1);
    expect(valuesOf(session)).toHaveLength(COLUMNS.length);
  });

  it('contains null for an empty list of addresses and for empty objects', () => {
    const values = valuesOf(
      aSession(NOON, { ipAddresses: [], extraProperties: {}, data: {}, protocolData: {} }),
    );
    for (const column of ['extra_properties', 'data', 'protocol_data', 'ip_addresses']) {
      expect(values[COLUMNS.indexOf(column)]).toBeNull();
    }
  });

  it('is read correctly with any setting for the output of times and bytes', async () => {
    const unusual = runnerWith(
      'timezone=Asia/Kathmandu',
      'datestyle=German',
      'bytea_output=escape',
      'extra_float_digits=-15',
    );
    const session = aSession(NOON + 1, { lastAccessed: NOON + 999, endedAt: NOON + DAY });
    expect(await throughTheDatabase(session, unusual)).toEqual(session);
  });

  it('can be read if another program has written it', async () => {
    await database.knex('identity_sessions').insert({
      session_id: '0198c1a2-0000-7000-8000-00000000000a',
      secret_hash: Buffer.from('ab', 'hex'),
      user_id: 'alice',
      device: 'Web',
      ip_addresses: '',
      stay_signed_in: false,
      signed_in: '2026-01-15 13:00:00.0004+01',
      active_day: '2026-01-15',
      extra_properties: '{}',
    });
    const [row] = await runner.repeatable<SessionRow>(
      {
        name: '',
        text: `select ${selected(tablesIn('public'))} from ${withEpochs(tablesIn('public'))} where session_id = $1`,
      },
      ['0198c1a200007000800000000000000a'],
    );
    expect(sessionFromRow(row!)).toMatchObject({
      sessionId: '0198c1a200007000800000000000000a',
      secretHash: '\xab',
      ipAddresses: [],
      signedIn: NOON,
      extraProperties: {},
      data: {},
    });
  });

  it('is read into frozen objects and lists, because the cache and requests share them', async () => {
    const { extraProperties, data, ipAddresses } = await throughTheDatabase(
      aSession(NOON, { extraProperties: { nested: { list: [{}] } }, data: { a: 1 } }),
    );
    const { nested } = extraProperties as { nested: { list: [object] } };
    for (const part of [extraProperties, nested, nested.list, nested.list[0], data, ipAddresses]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe('time and day', () => {
  it('convert milliseconds since 1970 to a timestamp, including fractions and minus infinity', async () => {
    const inUtc = `${time('$1')} at time zone 'UTC'`;
    expect(await valueOf(inUtc, NOON)).toBe('2026-01-15 12:00:00');
    expect(await valueOf(inUtc, NOON + 0.5)).toBe('2026-01-15 12:00:00.0005');
    expect(await valueOf(inUtc, -1)).toBe('1969-12-31 23:59:59.999');
    expect(await valueOf(inUtc, -Infinity)).toBe('-infinity');
    expect(await valueOf(inUtc, null)).toBeNull();
  });

  it('compute the day in UTC, in any time zone of the connection', async () => {
    const east = runnerWith('timezone=Pacific/Auckland');
    const midnight = Date.UTC(2026, 0, 16);
    for (const by of [runner, east]) {
      expect(await valueOf(day('$1'), midnight - 1, by)).toBe('2026-01-15');
      expect(await valueOf(day('$1'), midnight, by)).toBe('2026-01-16');
    }
  });
});

describe('hex', () => {
  it('returns a UUID without its dashes', () => {
    expect(hex('0198c1a2-0000-7000-8000-00000000000a')).toBe('0198c1a200007000800000000000000a');
  });
});

describe('jsonText', () => {
  it('returns JSON, or null for an object without properties', () => {
    expect(jsonText({ a: [1, 'two'] })).toBe('{"a":[1,"two"]}');
    expect(jsonText({})).toBeNull();
    expect(jsonText({ nothing: undefined })).toBeNull();
  });
});

describe('sessionFromRow() with JSON that this package would not write', () => {
  const session = aSession(NOON, { extraProperties: { a: 1 } });
  const row = Object.fromEntries(valuesOf(session).map((value, i) => [COLUMNS[i], value])) as SessionRow;
  const deep = `{"a":${'['.repeat(3000)}${']'.repeat(3000)}}`;

  describe.each(['client_hints', 'extra_properties', 'data', 'protocol_data'])(
    'in the column %s',
    (column) => {
      it.each(['[]', 'null', '"text"', deep])(
        'returns a session with a defect and without the objects (case %#)',
        (json) => {
          const read = sessionFromRow({ ...row, stay_signed_in: 'f', [column]: json });
          expect(read.defect?.message).toMatch(new RegExp(`session ${session.sessionId} .*"${column}"`));
          expect({ ...read, defect: undefined }).toEqual({ ...session, extraProperties: {} });
        },
      );
    },
  );
});
