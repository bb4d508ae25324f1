import express, { type Express } from 'express';
import request, { type Response } from 'supertest';

import {
  createSignIn,
  restRouter,
  sessionErrors,
  type IdentitySessionManager,
  type SignInFacts,
} from '../../lib';
import { createDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';

const NODES = 4;
const MAX = 3;
const SIGN_INS = 24;

let database: TestDatabase;
let nodes: IdentitySessionManager[];
let apps: Express[];

beforeAll(async () => {
  database = await createDatabase();
  await database.knex.raw(`
    -- Slows sign-ins down between the check and the insert. Without the lock they would not see each other.
    create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(0.005); return new; end $$;
    create trigger dawdle before insert on identity_sessions for each row execute function dawdle()`);
});
beforeEach(async () => {
  await database.empty();
  const limit = { maxSessionsPerUser: MAX, onLimit: 'ask' } as const;
  nodes = Array.from({ length: NODES }, () => managerOn({ knex: database.connect(), ...limit }));
  apps = nodes.map(appOn);
});
afterEach(() => Promise.all(nodes.map((node) => node.close())));
afterAll(() => database.destroy());

function appOn(manager: IdentitySessionManager): Express {
  const app = express();
  const signIn = createSignIn(manager);
  app.post('/sign-in', express.json(), (req, res, next) => {
    signIn(req, res, req.body as SignInFacts).then((signedIn) => res.json(signedIn), next);
  });
  app.use(restRouter(manager), sessionErrors(manager));
  return app;
}

/** Signs in on a node as a client without cookies. */
const signIn = (node: number) =>
  request(apps[node % NODES]!)
    .post('/sign-in')
    .send({ userId: 'alice', transport: 'bearer' });

const choose = (node: number, ticket: string, ends: readonly string[]) =>
  request(apps[node % NODES]!)
    .post('/session/choice')
    .set('Authorization', `Ticket ${ticket}`)
    .send({ ends });

async function live(): Promise<string[]> {
  const rows = await database.knex('identity_sessions').whereNull('ended_at').pluck<string[]>('session_id');
  return rows.map((id) => id.replaceAll('-', ''));
}

/** Counts the committed live sessions again and again while the work is in progress, and returns the highest number. */
async function mostDuring(work: Promise<unknown>): Promise<number> {
  let over = false;
  const end = () => (over = true);
  work.then(end, end);
  let most = 0;
  while (!over) most = Math.max(most, (await live()).length);
  return most;
}

async function full(): Promise<string[]> {
  for (let i = 0; i < MAX; i++) await signIn(i);
  return live();
}

async function tickets(count: number): Promise<string[]> {
  const responses = await Promise.all(Array.from({ length: count }, (_, i) => signIn(i)));
  expect(responses.map(({ status }) => status)).toEqual(Array(count).fill(409));
  return responses.map(({ body }: Response) => body.ticket as string);
}

describe('many users of tickets at once on four nodes', () => {
  it('never exceed the limit, and end only sessions in whose place one of them is signed in', async () => {
    const old = await full();
    const held = await tickets(SIGN_INS);
    // All choose the same session. It makes room for one of them.
    const choosing = Promise.all(held.map((ticket, i) => choose(i, ticket, [old[0]!])));
    expect(await mostDuring(choosing)).toBe(MAX);
    const responses = await choosing;
    const opened = responses.filter(({ status }) => status === 200);
    expect(opened).toHaveLength(1);
    const codes = new Set(
      responses.filter(({ status }) => status !== 200).map(({ body }) => body.code as string),
    );
    expect(codes).toEqual(new Set(['session-limit-reached']));
    expect((await live()).sort()).toEqual([opened[0]!.body.session.id as string, ...old.slice(1)].sort());
  });

  it('are all signed in if each chooses again until there is room', async () => {
    await full();
    const held = await tickets(SIGN_INS);
    const all = Promise.all(
      held.map(async (ticket, i) => {
        for (let attempt = 0; attempt < 500; attempt++) {
          const [oldest] = await live();
          const { status, body } = await choose(i, ticket, [oldest!]);
          if (status === 200) return body.session.id as string;
          expect(body.code).toBe('session-limit-reached');
        }
        throw new Error('There was never room');
      }),
    );
    expect(await mostDuring(all)).toBe(MAX);
    expect(new Set(await all).size).toBe(SIGN_INS);
    expect(await all).toEqual(expect.arrayContaining(await live()));
  }, 60_000);

  it('open one session with one ticket', async () => {
    const old = await full();
    const [ticket] = await tickets(1);
    const sent = Array.from({ length: SIGN_INS }, (_, i) => choose(i, ticket!, old));
    const statuses = (await Promise.all(sent)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(new Set(statuses)).toEqual(new Set([200, 401]));
    expect(await live()).toHaveLength(1);
  });
});
