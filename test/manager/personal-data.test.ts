import type { IdentitySessionManager, PersonalRecord } from '../../lib';
import { mintSecret } from '../../lib/session/credentials';
import { satisfies } from '../support/compliance';
import { until } from '../support/gate';
import { nodesOnADatabase, open } from '../support/nodes';
import { ALICE, BOB } from '../support/sessions';

const nodes = nodesOnADatabase();

async function exported(manager: IdentitySessionManager, owner = ALICE): Promise<PersonalRecord[]> {
  const records: PersonalRecord[] = [];
  for await (const record of manager.administration.exportUser(owner)) records.push(record);
  return records;
}

const kinds = (records: readonly PersonalRecord[]) => records.map(({ kind }) => kind);

describe('exportUser', () => {
  it('yields live and ended sessions without secrets, and the trail', async () => {
    const manager = nodes.use();
    const { session } = await open(manager, { extraProperties: { theme: 'dark' } });
    const other = await open(manager);
    await manager.revoke({ owner: ALICE, only: [other.session.sessionId] });
    await open(manager, { userId: 'bob' });
    const records = await exported(manager);
    expect(kinds(records)).toEqual(['session', 'session', 'entry', 'entry', 'entry']);
    const sessions = records.flatMap((record) => (record.kind === 'session' ? [record.session] : []));
    expect(sessions).toContainEqual(expect.objectContaining({ sessionId: session.sessionId, endedAt: null }));
    expect(sessions).toContainEqual(expect.objectContaining({ endReason: 'revoked' }));
    expect(JSON.stringify(records)).not.toMatch(/secret|bob/i);
  });

  it('yields each known device with the day of its last use, without its hash', async () => {
    const manager = nodes.use({ onNewDevice: () => undefined });
    for (const letter of ['a', 'b']) await open(manager, { deviceToken: letter.repeat(43) });
    await open(manager, { userId: 'bob', deviceToken: 'a'.repeat(43) });
    const devices = (await exported(manager)).filter(({ kind }) => kind === 'device');
    const usedOn = new Date(nodes.clock.now()).toISOString().slice(0, 10);
    expect(devices).toEqual([
      { kind: 'device', usedOn },
      { kind: 'device', usedOn },
    ]);
    await manager.administration.eraseUser(ALICE);
    expect(kinds(await exported(manager))).not.toContain('device');
  });

  it('yields everything of a user with many sessions, in several reads', async () => {
    const manager = nodes.use();
    await nodes.database.knex.raw(`
      insert into identity_sessions (session_id, secret_hash, user_id, device, stay_signed_in, signed_in, active_day)
      select gen_random_uuid(), '', 'alice', 'Web', true, now() - i * interval '1 ms', now() from generate_series(1, 1201) as i`);
    await nodes.database.knex.raw(`
      insert into identity_session_devices (user_id, tenant, device, used_on)
      select 'alice', '', sha256(i::text::bytea), now() from generate_series(1, 501) as i`);
    const records = kinds(await exported(manager));
    expect(records.filter((kind) => kind === 'session')).toHaveLength(1201);
    expect(records.filter((kind) => kind === 'device')).toHaveLength(501);
    expect(records.filter((kind) => kind === 'entry')).toHaveLength(1201);
  });

  it('throws a TypeError for a value that is not an owner', async () => {
    await expect(exported(nodes.use(), 'alice' as never)).rejects.toThrow(TypeError);
  });
});

describe('eraseUser', () => {
  it('deletes the devices, links and tickets of the user', async () => {
    const manager = nodes.use({ onNewDevice: () => undefined });
    for (const userId of ['alice', 'bob']) {
      const { session } = await open(manager, { userId, deviceToken: 'a'.repeat(43) });
      await manager.notMeLink(session, { url: 'https://app.example.com' });
    }
    await manager.administration.eraseUser(ALICE);
    for (const table of ['identity_session_devices', 'identity_session_tokens']) {
      expect(await nodes.database.knex(table).pluck<string[]>('user_id')).toEqual(['bob']);
    }
  });

  it('deletes the sessions and the trail of one user, and no others', async () => {
    const manager = nodes.use();
    await open(manager);
    await manager.signInFailed({ owner: ALICE, name: 'alice' });
    await open(manager, { userId: 'bob' });
    expect(await manager.administration.eraseUser(ALICE)).toEqual({ sessions: 1, entries: 4 });
    expect(await exported(manager)).toEqual([]);
    expect(kinds(await exported(manager, BOB))).toEqual(['session', 'entry']);
    const { rows } = await nodes.database.knex.raw<{ rows: object[] }>(`
      select s::text from identity_sessions s union all select t::text from identity_session_trail t
      union all select f::text from identity_session_failures f`);
    expect(JSON.stringify(rows)).not.toContain('alice');
    expect(await manager.administration.eraseUser(ALICE)).toEqual({ sessions: 0, entries: 1 });
  });

  it(
    satisfies(
      'ends the sessions on all nodes and removes them from the caches, also ended ones',
      'ASVS 7.4.2',
    ),
    async () => {
      const [one, other] = [nodes.use(), nodes.use()];
      const [live, ended] = [await open(one), await open(one)];
      const verify = async ({ credentials }: typeof live) => other.verify(credentials);
      await verify(live);
      await one.revoke({ owner: ALICE, only: [ended.session.sessionId] });
      await expect(verify(ended)).rejects.toMatchObject({ code: 'session-ended' });
      await one.administration.eraseUser(ALICE);
      await until(async () => {
        nodes.clock.advance(100);
        const results = await Promise.allSettled([verify(live), verify(ended)]);
        return results.every(
          ({ status, ...rest }) =>
            status === 'rejected' &&
            (rest as { reason: { code: string } }).reason.code === 'credentials-invalid',
        );
      });
    },
  );

  it('lets no sign-in bring anything back whose password was checked before', async () => {
    const onNewDevice = () => undefined;
    const [one, other] = [nodes.use({ onNewDevice }), nodes.use({ onNewDevice })];
    const credentialsCheckedAt = new Date(nodes.clock.now());
    nodes.clock.advance(1);
    const signIns = Array.from({ length: 20 }, (_, i) =>
      open(i % 2 === 0 ? one : other, { credentialsCheckedAt, deviceToken: mintSecret() }).catch(
        () => undefined,
      ),
    );
    await Promise.all([one.administration.eraseUser(ALICE), ...signIns]);
    expect(await exported(one)).toEqual([]);
    expect(await nodes.database.knex('identity_session_devices')).toEqual([]);
  });
});
