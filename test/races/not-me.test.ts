import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import request from 'supertest';

import type { IdentitySessionManager } from '../../lib';
import { notMePage } from '../../lib/pages';
import { createDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';

const NODES = 4;
const POSTS = 40;
const ROUNDS = 5;

let database: TestDatabase;
let nodes: IdentitySessionManager[];
let calls: string[];
let failures: number;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(() => {
  calls = [];
  failures = 0;
  nodes = Array.from({ length: NODES }, () => managerOn({ knex: database.connect() }));
});
afterEach(() => Promise.all(nodes.map((node) => node.close())));
afterAll(() => database.destroy());

/** Presses the button of the link many times at once, on all nodes, and returns the statuses. */
async function pressed(path: string): Promise<number[]> {
  const apps = nodes.map((node) => {
    const onNotMe = async ({ sessionId }: { readonly sessionId: string }) => {
      calls.push(sessionId);
      await sleep(20);
      if (failures-- > 0) throw new Error('no mail');
    };
    const app = express();
    app.use('/not-me', notMePage(node, { onNotMe }));
    app.use((_error: unknown, _request: unknown, response: express.Response, _next: unknown) => {
      response.sendStatus(500);
    });
    return app;
  });
  const posts = Array.from({ length: POSTS }, (_, i) => request(apps[i % NODES]!).post(path));
  return (await Promise.all(posts)).map(({ status }) => status).filter((status) => status !== 410);
}

async function link(): Promise<{ path: string; sessionId: string }> {
  const { session } = await nodes[0]!.open({ userId: 'alice' });
  const url = await nodes[1]!.notMeLink(session, { url: 'https://app.example.com/not-me' });
  return { path: new URL(url).pathname, sessionId: session.sessionId };
}

describe('a link of a mail that is used 40 times at once on four nodes', () => {
  it('works once and calls onNotMe once', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { path, sessionId } = await link();
      expect(await pressed(path)).toEqual([303]);
      expect(calls.splice(0)).toEqual([sessionId]);
      expect(await pressed(path)).toEqual([]);
      expect(calls).toEqual([]);
    }
  });

  it('works later if onNotMe failed, and is never acknowledged before', async () => {
    const { path, sessionId } = await link();
    failures = 1;
    const first = await pressed(path);
    expect(first[0]).toBe(500);
    // A request that came after the failure may have succeeded already.
    const later = first.includes(303) ? first : await pressed(path);
    expect(later.filter((status) => status === 303)).toEqual([303]);
    expect(calls).toEqual([sessionId, sessionId]);
    expect((await nodes[2]!.list({ userId: 'alice' })).sessions).toEqual([]);
  });
});
