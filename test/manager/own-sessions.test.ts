import type { IdentitySession, IdentitySessionManager, IdentitySessionOptions, SignIn } from '../../lib';
import { nodesOnADatabase } from '../support/nodes';
import { ALICE, BOB, HOUR } from '../support/sessions';

const nodes = nodesOnADatabase();
const use = (options: IdentitySessionOptions = {}) => nodes.use(options);

const open = (manager: IdentitySessionManager, fields: Partial<SignIn> = {}) =>
  manager.open({ userId: 'alice', ...fields });
const idsOf = (sessions: readonly IdentitySession[]) => sessions.map(({ sessionId }) => sessionId);
const invalid = (field: string) => expect.objectContaining({ code: 'invalid-request', field });

describe('list', () => {
  it('returns all sessions page by page, newest sign-in first, while the user signs in and out', async () => {
    const manager = use();
    const opened: string[] = [];
    for (let i = 0; i < 5; i++) {
      opened.unshift((await open(manager)).session.sessionId);
      nodes.clock.advance(1000);
    }
    const first = await manager.list(ALICE, { limit: 2 });
    expect(idsOf(first.sessions)).toEqual(opened.slice(0, 2));
    await open(manager);
    await manager.revoke({ owner: ALICE, only: [opened[1]!] });
    const second = await manager.list(ALICE, { limit: 2, after: first.next });
    expect(idsOf(second.sessions)).toEqual(opened.slice(2, 4));
    const last = await manager.list(ALICE, { limit: 2, after: second.next });
    expect(idsOf(last.sessions)).toEqual(opened.slice(4));
    expect(last.next).toBeUndefined();
  });

  it('returns 100 sessions by default', async () => {
    const manager = use();
    await Promise.all(Array.from({ length: 101 }, () => open(manager)));
    const { sessions, next } = await manager.list(ALICE);
    expect(sessions).toHaveLength(100);
    expect((await manager.list(ALICE, { after: next })).sessions).toHaveLength(1);
  });

  it('includes a session that is kept alive only by a use that is not written yet', async () => {
    const manager = use();
    const { session, secret } = await open(manager);
    nodes.clock.advance(HOUR - 30_000);
    await manager.verify({ sessionId: session.sessionId, secret });
    nodes.clock.advance(40_000);
    expect(idsOf((await manager.list(ALICE)).sessions)).toEqual([session.sessionId]);
  });

  it('names the next page although all sessions of this page are on other nodes', async () => {
    const [one, two] = ['one', 'two'].map((nodeId) => use({ nodeId, globalLookup: false }));
    await open(one!);
    nodes.clock.advance(1000);
    await open(two!);
    const page = await one!.list(ALICE, { limit: 1 });
    expect(page.sessions).toEqual([]);
    expect((await one!.list(ALICE, { limit: 1, after: page.next })).sessions).toHaveLength(1);
  });

  it.each([0, 1001, 1.5, NaN, '10'])('refuses the limit %p', async (limit) => {
    await expect(use().list(ALICE, { limit: limit as number })).rejects.toEqual(invalid('limit'));
  });

  it('refuses a position that no page returned', async () => {
    await expect(use().list(ALICE, { after: 'x' })).rejects.toEqual(invalid('after'));
  });

  it('refuses unknown options', async () => {
    await expect(use().list(ALICE, { take: 5 } as object)).rejects.toThrow(TypeError);
  });
});

describe('search', () => {
  it('returns a numbered page and the number of all sessions that match, without hidden ones', async () => {
    const manager = use({ clientBlacklist: ['maintenance'] });
    for (const clientId of ['b', 'a', 'maintenance']) {
      await open(manager, { clientId, device: 'Mobile' });
      nodes.clock.advance(1000);
    }
    await open(manager);
    await open(manager, { userId: 'bob' });
    await open(manager, { tenantId: 'acme', device: 'Mobile' });
    const page = await manager.search(ALICE, { device: 'Mobile', skip: 1, take: 1 });
    expect(page).toMatchObject({ sessions: [{ clientId: 'b' }], totalCount: 2 });
    expect((await manager.search(ALICE, { skip: 0 })).totalCount).toBe(3);
    expect((await manager.search(BOB, { skip: 0 })).totalCount).toBe(1);
  });

  it('shows uses that are not written yet', async () => {
    const manager = use();
    const { session, secret } = await open(manager);
    nodes.clock.advance(1000);
    await open(manager);
    nodes.clock.advance(1000);
    await manager.verify({ sessionId: session.sessionId, secret });
    const { sessions } = await manager.search(ALICE, {
      order: [{ by: 'lastAccessed', descending: true }],
      skip: 0,
    });
    expect(sessions[0]).toMatchObject({ sessionId: session.sessionId, lastAccessed: nodes.clock.now() });
  });
});

describe('get', () => {
  it('returns a session with uses that are not written yet', async () => {
    const manager = use();
    const { session, secret } = await open(manager);
    nodes.clock.advance(1000);
    await manager.verify({ sessionId: session.sessionId, secret });
    expect(await manager.get(ALICE, session.sessionId)).toMatchObject({ lastAccessed: nodes.clock.now() });
  });

  it('rejects with session-not-found for a session of another user, a hidden, an ended and an unknown one', async () => {
    const manager = use({ clientBlacklist: ['maintenance'] });
    const bobs = await open(manager, { userId: 'bob' });
    const tenants = await open(manager, { tenantId: 'acme' });
    const hidden = await open(manager, { clientId: 'maintenance' });
    const ended = await open(manager);
    await manager.revoke({ owner: ALICE, only: [ended.session.sessionId] });
    const ids = [bobs, tenants, hidden, ended].map(({ session }) => session.sessionId);
    for (const id of [...ids, '0'.repeat(32), 'x']) {
      await expect(manager.get(ALICE, id)).rejects.toMatchObject({ code: 'session-not-found' });
    }
  });
});
