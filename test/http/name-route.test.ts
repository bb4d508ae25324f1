import express from 'express';
import request from 'supertest';

import { nameRoute, type IdentitySessionManager } from '../../lib';
import { appOn } from '../support/app';
import { Browser } from '../support/browser';
import { createDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';

let database: TestDatabase;
let manager: IdentitySessionManager;
let desk: Browser;
let phone: Browser;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.empty();
  manager = managerOn({ knex: database.knex });
  [desk, phone] = [await signedIn('alice'), await signedIn('alice')];
});
afterEach(() => manager.close());
afterAll(() => database.destroy());

async function signedIn(userId: string): Promise<Browser> {
  const browser = new Browser(appOn(manager));
  await browser.post('/sign-in', { userId });
  return browser;
}

const idOf = async (browser: Browser): Promise<string> => (await browser.get('/session')).body.session.id;

async function nameOf(browser: Browser): Promise<string | null> {
  return (await manager.administration.get(await idOf(browser))).name;
}

describe('PATCH /sessions/:id', () => {
  it('names the current and another session of the caller, and removes names', async () => {
    const [own, other] = [await idOf(desk), await idOf(phone)];
    const response = await desk.patch(`/sessions/${other}`, { name: '  Kitchen tablet ' });
    expect([response.status, response.text, response.get('Cache-Control')]).toEqual([204, '', 'no-store']);
    await desk.patch(`/sessions/${own}`, { name: 'Desk' });
    const { sessions } = (await desk.get('/sessions')).body as { sessions: { id: string; name?: string }[] };
    expect(new Map(sessions.map(({ id, name }) => [id, name]))).toEqual(
      new Map([
        [other, 'Kitchen tablet'],
        [own, 'Desk'],
      ]),
    );
    for (const name of [null, '  ']) {
      await desk.patch(`/sessions/${other}`, { name: 'Tablet' });
      expect((await desk.patch(`/sessions/${other}`, { name })).status).toBe(204);
      expect(await nameOf(phone)).toBeNull();
    }
  });

  it.each([
    [{}, 'name', '"name" must be text, or null.'],
    [[], 'name', '"name" must be text, or null.'],
    [{ name: 5 }, 'name', '"name" must be text, or null.'],
    [{ name: ['Desk'] }, 'name', '"name" must be text, or null.'],
    [{ name: 'x'.repeat(65) }, 'name', '"name" must be text of 1 to 64 characters.'],
    [{ name: 'Desk', data: { admin: true } }, 'data', 'Only the name of a session can be changed.'],
  ])('refuses the body %j with a clear error and changes nothing', async (body, field, detail) => {
    const response = await desk.patch(`/sessions/${await idOf(phone)}`, body);
    expect(response.status).toBe(400);
    expect(response.body).toMatchObject({ code: 'invalid-request', detail });
    expect(detail).toContain(field === 'name' ? field : '');
    expect(await nameOf(phone)).toBeNull();
  });

  it.each(['{"name":', '"Desk"'])('refuses the text %s, which is no JSON object', async (text) => {
    const { status, body } = await request(appOn(manager))
      .patch(`/sessions/${await idOf(phone)}`)
      .set({ Cookie: desk.cookieHeader, 'Content-Type': 'application/json', 'Sec-Fetch-Site': 'same-origin' })
      .send(text);
    expect([status, body.code]).toEqual([400, 'invalid-request']);
    expect(await nameOf(phone)).toBeNull();
  });

  it('does not find sessions of other users, ended sessions and unknown ids', async () => {
    const bob = await signedIn('bob');
    const ended = await idOf(phone);
    await desk.delete(`/sessions/${ended}`);
    for (const id of [await idOf(bob), ended, '0'.repeat(32), 'no-id']) {
      const { status, body } = await desk.patch(`/sessions/${id}`, { name: 'Mine' });
      expect([status, body.code]).toEqual([404, 'session-not-found']);
    }
    expect(await nameOf(bob)).toBeNull();
  });

  it('refuses requests of other sites, and without a session', async () => {
    const path = `/sessions/${await idOf(phone)}`;
    const foreign = await request(appOn(manager))
      .patch(path)
      .set({ Cookie: desk.cookieHeader, 'Sec-Fetch-Site': 'cross-site' })
      .send({ name: 'Lured' });
    expect([foreign.status, foreign.body.code]).toEqual([403, 'cross-site']);
    expect((await request(appOn(manager)).patch(path).send({ name: 'Guest' })).status).toBe(401);
    expect(await nameOf(phone)).toBeNull();
  });
});

describe('nameRoute', () => {
  it('needs the manager, a guard and an id in the path', async () => {
    expect(() => nameRoute({} as never)).toThrow(/nameRoute needs the manager/);
    const app = express().patch('/:id', express.json(), nameRoute(manager));
    const { status, text } = await request(app).patch('/1').send({ name: 'Desk' });
    expect(status).toBe(500);
    expect(text).toContain('nameRoute');
  });
});
