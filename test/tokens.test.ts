import express5, { type Express } from 'express';
import express4 from 'express4';
import jwt from 'jsonwebtoken';
import request from 'supertest';

import type { IdentitySessionManager } from '../lib';
import { createDatabase, type TestDatabase } from './support/database';
import { snippet } from './support/snippets';
import { appOfSnippet } from './support/snippet-app';

const ALICE = { name: 'alice', password: 'wonderland' };
const SECRET = 'the secret of the app, from its environment';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.destroy());

describe.each([
  ['Express 4', express4],
  ['Express 5', express5],
])('the app that signs its own tokens, on %s', (_, express) => {
  let app: Express;
  let manager: IdentitySessionManager;

  beforeEach(async () => {
    await database.empty();
    ({ app, manager } = await appOfSnippet(snippet('docs/tokens.md', 'Tokens that your app signs', 'js'), {
      express,
      knex: database.connect(),
      env: { JWT_SECRET: SECRET },
      modules: { jsonwebtoken: jwt },
    }));
  });
  afterEach(() => manager.close());

  async function signedIn(): Promise<string> {
    const { status, body } = await request(app).post('/sign-in').set('User-Agent', FIREFOX).send(ALICE);
    expect(status).toBe(200);
    return (body as { token: string }).token;
  }

  const send = (token: string, method: 'get' | 'post' | 'delete' = 'get', path = '/account') =>
    request(app)[method](path).set('Authorization', `Bearer ${token}`);

  it('refuses a token after the sign-out, although its signature is valid', async () => {
    const [token, other] = [await signedIn(), await signedIn()];
    expect((await send(token)).body).toEqual({ userId: 'alice' });
    expect((await send(token, 'post', '/sign-out')).status).toBe(204);
    expect(jwt.verify(token, SECRET)).toMatchObject({ sub: 'alice' });
    const { status, body } = await send(token);
    expect([status, body]).toEqual([
      401,
      expect.objectContaining({ code: 'session-ended', reason: 'signed-out' }),
    ]);
    expect((await send(other)).status).toBe(200);
  });

  it('lists the tokens of a user with their devices, and ends one of them', async () => {
    const [token, other] = [await signedIn(), await signedIn()];
    const { body } = await send(token, 'get', '/sessions');
    const listed = (body as { sessions: { id: string; current: boolean; device: object }[] }).sessions;
    expect(listed.map(({ device }) => device)).toEqual([
      expect.objectContaining({ displayName: 'Firefox 140 on Linux' }),
      expect.objectContaining({ displayName: 'Firefox 140 on Linux' }),
    ]);
    const { id } = listed.find(({ current }) => !current)!;
    expect((await send(token, 'delete', `/sessions/${id}`)).status).toBe(204);
    expect((await send(other)).body).toMatchObject({ code: 'session-ended', reason: 'revoked' });
  });

  it('refuses forged, foreign and expired tokens, and wrong passwords', async () => {
    const claims = jwt.decode(await signedIn()) as { sid: string; sessionid: string };
    const { sid, sessionid } = claims;
    const refused = async (token: string) => (await send(token)).body as { code: string };
    const sign = (payload: object, key = SECRET, options?: jwt.SignOptions) =>
      jwt.sign(payload, key, { algorithm: 'HS256', ...options });
    expect(await refused(sign({ sub: 'alice', sid, sessionid }))).toEqual({ userId: 'alice' });
    expect(await refused(sign({ sub: 'alice', sid, sessionid }, 'another key'))).toMatchObject({
      code: 'credentials-missing',
    });
    expect(await refused(jwt.sign(claims, null as never, { algorithm: 'none' }))).toMatchObject({
      code: 'credentials-missing',
    });
    expect(await refused(sign({ sub: 'alice', sid, sessionid }, SECRET, { expiresIn: -1 }))).toMatchObject({
      code: 'credentials-missing',
    });
    expect(await refused(sign({ sub: 'bob', sid, sessionid }))).toMatchObject({
      code: 'credentials-invalid',
    });
    expect(await refused(sign({ sub: 'alice' }))).toMatchObject({ code: 'credentials-invalid' });
    const wrong = await request(app)
      .post('/sign-in')
      .send({ ...ALICE, password: 'wrong' });
    expect(wrong.status).toBe(401);
  });
});
