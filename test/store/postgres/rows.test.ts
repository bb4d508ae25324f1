import fc from 'fast-check';

import { appConnections } from '../../../lib/database/knex';
import { StatementRunner, type Row } from '../../../lib/database/statement-runner';
import type { StoredSession } from '../../../lib/session/session';
import {
  COLUMNS,
  day,
  hex,
  jsonText,
  SELECTED,
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

const NOON = Date.UTC(2026, 0, 15, 12);

let database: TestDatabase;
let runner: StatementRunner;

beforeAll(async () => {
  database = await createDatabase();
  runner = new StatementRunner(appConnections(database.knex), { budget: 30_000 });
});
afterAll(() => database.destroy());

/** The session as it comes back from its row. */
async function throughTheDatabase(session: StoredSession, by = runner): Promise<StoredSession> {
  const insert = {
    name: 'insert',
    text: `insert into identity_sessions (${COLUMNS.join(', ')}, active_day) values (${WRITTEN}, '2026-01-15')`,
  };
  const find = {
    name: 'find',
    text: `select ${SELECTED} from ${withEpochs(tablesIn(undefined))} where session_id = $1`,
  };
  await by.once(insert, valuesOf(session));
  const [row] = await by.repeatable<SessionRow>(find, [session.sessionId]);
  return sessionFromRow(row!);
}

/** What an expression of one parameter comes to. */
async function valueOf(expression: string, parameter: unknown, by = runner): Promise<string | null> {
  const [row] = await by.repeatable<Row>({ name: '', text: `select (${expression})::text as value` }, [
    parameter,
  ]);
  return row!['value']!;
}

/** Connections that are set up otherwise. */
function runnerWith(...settings: string[]): StatementRunner {
  const options = encodeURIComponent(settings.map((setting) => `-c ${setting}`).join(' '));
  const knex = database.connect({ connection: `${database.url}?options=${options}` });
  return new StatementRunner(appConnections(knex), { budget: 30_000 });
}

describe('a session', () => {
  /** All that PostgreSQL keeps, quotes, commas, dollars and what means nothing in some language among it. */
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
    fc.string({ unit: 'binary', maxLength: 40 }).filter((some) => !some.includes('\0')),
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
  /** Objects as JSON has them: nothing that is only in JavaScript. */
  const properties = fc
    .dictionary(text, fc.jsonValue({ stringUnit: 'binary' }), { maxKeys: 4 })
    .map((some) => JSON.stringify(some))
    .filter((json) => !json.includes('\\u0000'))
    .map((json) => JSON.parse(json) as Record<string, unknown>);

  const anySession: fc.Arbitrary<StoredSession> = fc.record({
    sessionId: hexadecimal(32),
    secretHash: hexadecimal(64),
    tenantId: orNull(text),
    userId: text,
    clientId: orNull(text),
    device: text,
    deviceInfo: orNull(text),
    userAgent: orNull(text),
    ipAddresses: fc.uniqueArray(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: 5 }),
    staySignedIn: fc.boolean(),
    signedIn: instant,
    lastAccessed: orNull(instant),
    extraProperties: properties,
    data: properties,
    protocolData: fc.dictionary(text, properties, { maxKeys: 2 }),
    authId: orNull(hexadecimal(32)),
    node: orNull(text),
    endedAt: orNull(instant),
    endReason: fc.constantFrom('revoked', 'displaced', null),
    endedBy: orNull(text),
  });

  it('comes back from its row as it went in, whatever its fields hold', async () => {
    await fc.assert(
      fc.asyncProperty(anySession, async (session) => {
        await database.knex.raw('delete from identity_sessions');
        expect(await throughTheDatabase(session)).toEqual(session);
      }),
      { numRuns: 100 },
    );
  });

  it('loses no field on the way: each has its column', () => {
    const session = aSession(NOON);
    expect(COLUMNS).toHaveLength(Object.keys(session).length);
    expect(valuesOf(session)).toHaveLength(COLUMNS.length);
  });

  it('has null for no addresses and no properties, as for everything that is not there', () => {
    const values = valuesOf(
      aSession(NOON, { ipAddresses: [], extraProperties: {}, data: {}, protocolData: {} }),
    );
    for (const column of ['extra_properties', 'data', 'protocol_data', 'ip_addresses']) {
      expect(values[COLUMNS.indexOf(column)]).toBeNull();
    }
  });

  it('is the same however the connection writes times and bytes', async () => {
    const odd = runnerWith(
      'timezone=Asia/Kathmandu',
      'datestyle=German',
      'bytea_output=escape',
      'extra_float_digits=-15',
    );
    const session = aSession(NOON + 1, { lastAccessed: NOON + 999, endedAt: NOON + DAY });
    expect(await throughTheDatabase(session, odd)).toEqual(session);
  });

  it('is read from a row that somebody else has written', async () => {
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
      { name: '', text: `select ${SELECTED} from ${withEpochs(tablesIn(undefined))} where session_id = $1` },
      ['0198c1a200007000800000000000000a'],
    );
    expect(sessionFromRow(row!)).toMatchObject({
      sessionId: '0198c1a200007000800000000000000a',
      secretHash: 'ab',
      ipAddresses: [],
      signedIn: NOON,
      extraProperties: {},
      data: {},
    });
  });

  it('is frozen inside, because caches and requests share what is in it', async () => {
    const { extraProperties, data, ipAddresses } = await throughTheDatabase(
      aSession(NOON, { extraProperties: { nested: { list: [{}] } }, data: { a: 1 } }),
    );
    const { nested } = extraProperties as { nested: { list: [object] } };
    for (const part of [extraProperties, nested, nested.list, nested.list[0], data, ipAddresses]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe('a point in time', () => {
  it('is any number of milliseconds since 1970, fractions and minus infinity too', async () => {
    const inUtc = `${time('$1')} at time zone 'UTC'`;
    expect(await valueOf(inUtc, NOON)).toBe('2026-01-15 12:00:00');
    expect(await valueOf(inUtc, NOON + 0.5)).toBe('2026-01-15 12:00:00.0005');
    expect(await valueOf(inUtc, -1)).toBe('1969-12-31 23:59:59.999');
    expect(await valueOf(inUtc, -Infinity)).toBe('-infinity');
    expect(await valueOf(inUtc, null)).toBeNull();
  });

  it('has its day in UTC, wherever the connection thinks it is', async () => {
    const east = runnerWith('timezone=Pacific/Auckland');
    const midnight = Date.UTC(2026, 0, 16);
    for (const by of [runner, east]) {
      expect(await valueOf(day('$1'), midnight - 1, by)).toBe('2026-01-15');
      expect(await valueOf(day('$1'), midnight, by)).toBe('2026-01-16');
    }
  });
});

describe('an id', () => {
  it('is a uuid without its dashes', () => {
    expect(hex('0198c1a2-0000-7000-8000-00000000000a')).toBe('0198c1a200007000800000000000000a');
  });
});

describe('the text of properties', () => {
  it('is JSON, and null for none, as most sessions have', () => {
    expect(jsonText({ a: [1, 'two'] })).toBe('{"a":[1,"two"]}');
    expect(jsonText({})).toBeNull();
    expect(jsonText({ nothing: undefined })).toBeNull();
  });
});
