import { hash } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

import express, { type Request, type RequestHandler, type Response } from 'express';
import knex from 'knex';

import type { IdentitySessionManager } from '../lib';
import { answerParent } from './child';
import { ratios, summary } from './statistics';
import type { Rounds, TightLoop } from './tight-loop';
import { builtPackage } from './variants/peers';

/** The number of sessions. Few, because otherwise the loop measures how far their requests are away in memory. */
const SESSIONS = 100;

const ADDRESS = '192.0.2.1';

/** Calls the guard, an empty middleware and the hash function in turn, in blocks so short that most are not interrupted. */
async function main(url: string, { rounds, calls }: Rounds): Promise<void> {
  const { createIdentitySessionManager, migrate, sessionSecretGuard } = builtPackage();
  const pool = knex({ client: 'pg', connection: url });
  await migrate(pool);
  const manager = createIdentitySessionManager({ knex: pool, location: false });
  const { requests, secret } = await guardedRequests(manager);
  const response = {} as Response;
  const guard = loop(requests, response, sessionSecretGuard(manager));
  const empty = loop(requests, response, (_request, _response, next) => next());
  const hashed = () => void hash('sha256', secret, 'hex');
  const times: Record<'guard' | 'empty' | 'hash', number[]> = { guard: [], empty: [], hash: [] };
  for (let round = 0; round < rounds; round++) {
    times.guard.push(timeOf(guard, calls));
    times.empty.push(timeOf(empty, calls));
    times.hash.push(timeOf(hashed, calls));
    // The manager trusts its cache only while it can read the change log.
    if (round % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // The first rounds run before the code is compiled.
  const warm = Math.floor(rounds / 5);
  const guards = times.guard.map((time, round) => time - times.empty[round]!).slice(warm);
  const hashes = times.hash.slice(warm);
  answerParent(
    () => undefined,
    async () => {
      await manager.close();
      await pool.destroy();
    },
  );
  process.send!({
    hashes: summary(ratios(guards, hashes)),
    guard: summary(guards).median,
    hash: summary(hashes).median,
  } satisfies TightLoop);
}

async function guardedRequests(
  manager: IdentitySessionManager,
): Promise<{ requests: Request[]; secret: string }> {
  const app = express();
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: ADDRESS });
  const requests: Request[] = [];
  let secret = '';
  for (let i = 0; i < SESSIONS; i++) {
    const opened = await manager.open({ userId: `user ${i}`, ipAddress: ADDRESS, staySignedIn: true });
    ({ secret } = opened);
    await manager.verify({ sessionId: opened.session.sessionId, secret }, { ipAddress: ADDRESS });
    const pair = `__Host-Http-identity=${opened.session.sessionId}.${secret}`;
    // As from the parser of Node.js: V8 keeps a text that was put together in another form, which is slower to search.
    const cookie = Buffer.from(pair).toString('latin1');
    const headers = ['Host', 'example.com', 'User-Agent', 'curl', 'Accept', '*/*', 'Cookie', cookie];
    const incoming = new IncomingMessage(socket) as IncomingMessage & WithHeaders;
    incoming.method = 'GET';
    incoming._addHeaderLines(headers, headers.length);
    const request = Object.setPrototypeOf(incoming, app.request) as Request;
    requests.push(Object.assign(request, { app }));
  }
  return { requests, secret };
}

/** The method by which Node.js sets the headers of a request that it has parsed. */
interface WithHeaders {
  _addHeaderLines(headers: readonly string[], length: number): void;
}

/** Returns a function that calls the middleware with each request in turn, as if the request was new. */
function loop(requests: readonly Request[], response: Response, middleware: RequestHandler): () => void {
  let passed = 0;
  let called = 0;
  const next = (error?: unknown) => {
    if (error !== undefined) throw new Error('The guard failed', { cause: error });
    passed++;
  };
  return () => {
    const request = requests[called++ % requests.length]!;
    (request as { identitySession?: unknown }).identitySession = undefined;
    void middleware(request, response, next);
    if (passed !== called) throw new Error('A request was refused, or its session was not cached');
  };
}

/** Returns the time of one call, in microseconds. */
function timeOf(call: () => void, calls: number): number {
  const began = performance.now();
  for (let i = 0; i < calls; i++) call();
  return ((performance.now() - began) * 1000) / calls;
}

void main(process.argv[2]!, { rounds: Number(process.argv[3]), calls: Number(process.argv[4]) });
