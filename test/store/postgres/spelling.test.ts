import { appConnections } from '../../../lib/database/knex';
import { StatementRunner } from '../../../lib/database/statement-runner';
import { everySessionOf } from '../../../lib/session/revocation';
import { postgres } from '../../../lib/store/postgres/postgres';
import { spelled } from '../../../lib/store/postgres/spelling';
import type { AdministeredStore } from '../../../lib/store/store';
import { databaseIn, type TestDatabase } from '../../support/database';
import { ALICE, admission, aSession } from '../../support/sessions';

const NOW = Date.UTC(2026, 0, 15, 12);
const UNSTORABLE = expect.objectContaining({ code: 'invalid-request' });

describe.each(['WIN1252', 'LATIN1', 'SQL_ASCII', 'EUC_JP'])('the store on a database in %s', (encoding) => {
  let database: TestDatabase;
  let store: AdministeredStore;
  beforeAll(async () => {
    database = await databaseIn(encoding);
    store = postgres(new StatementRunner(appConnections(database.knex), { budget: 30_000 }));
  });
  afterAll(() => database.destroy());

  it('inserts, finds and ends a session with any descriptive text', async () => {
    const text = 'Caf\u00e9 \u0081 \u540d\u524d \ud83d\ude00 \u0e01';
    const described = { clientId: text, device: text, deviceInfo: text, userAgent: text };
    const session = aSession(NOW, described);
    const end = { at: NOW, reason: 'revoked', by: text } as const;
    await store.insert(session, admission(NOW));
    const limits = [{ max: 1, per: 'client', onLimit: 'endOldest' }] as const;
    const displaces = [{ which: { ...everySessionOf(ALICE), device: text }, end }];
    const next = aSession(NOW + 1, described);
    expect((await store.insert(next, admission(NOW + 1, { displaces, limits }))).ended).toHaveLength(1);
    const { cutoffs } = admission(NOW);
    expect(await store.count({ clientId: text, device: text }, cutoffs)).toBe(1);
    expect(await store.find(next.sessionId)).toMatchObject({ userId: 'alice', signedIn: NOW + 1 });
    expect((await store.end(everySessionOf(ALICE), end)).ended).toHaveLength(1);
    await store.endEverything({}, { at: NOW, by: text });
  });

  it('either stores the values of the app unchanged, or rejects them and changes nothing', async () => {
    for (const text of ['zo\u00eb', '\u540d\u524d', '\ud83d\ude00', '\u0081']) {
      for (const fields of [{ userId: text }, { data: { text } }, { extraProperties: { [text]: 1 } }]) {
        const session = aSession(NOW + 2, fields);
        const inserted = store.insert(session, admission(NOW + 2));
        const stored = await inserted.then(
          () => true,
          (error: unknown) => {
            expect(error).toEqual(UNSTORABLE);
            return false;
          },
        );
        expect(await store.find(session.sessionId)).toEqual(stored ? session : undefined);
      }
    }
  });
});

describe('spelled', () => {
  it('rejects with the error of the call if other text is not the cause', async () => {
    const call = jest.fn(() => Promise.reject(new Error('no')));
    await expect(spelled(call)).rejects.toThrow('no');
    expect(call).toHaveBeenCalledTimes(1);
  });
});
