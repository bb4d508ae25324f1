import express, { type Request, type RequestHandler } from 'express';
import createKnex from 'knex';
import type { WebSocketServer } from 'ws';
import {
  SessionError,
  autologin,
  createIdentitySessionManager,
  createSignIn,
  memory,
  migrate,
  migrationConfig,
  rest,
  restRouter,
  revokeRoute,
  sessionErrors,
  sessionLookup,
  sessionOf,
  sessionSecretGuard,
  signInLimiter,
  upgradeGuard,
  type IdentitySession,
  type IdentitySessionOptions,
  type RefusalCode,
} from 'express-identity-sessions';
import { abpRouter } from 'express-identity-sessions/abp';
import { maxmind } from 'express-identity-sessions/maxmind';
import {
  cookieRefresh,
  openXchange,
  openXchangeRouter,
  type OpenXchangeDialect,
} from 'express-identity-sessions/open-xchange';
import { redisHint, type RedisClient } from 'express-identity-sessions/redis';

const options: IdentitySessionOptions = {
  knex: createKnex({ client: 'pg' }),
  shortLifetime: '1H',
  cookies: { name: 'id' },
};
const manager = createIdentitySessionManager(options);
const inMemory = createIdentitySessionManager({ store: memory() });
const signIn = createSignIn(manager, { dialect: rest(manager.settings) });
const guard: RequestHandler = sessionSecretGuard(manager);

const app = express();
app.post('/sign-in', async (req, res) => {
  const { session, token } = await signIn(req, res, { userId: 'alice', transport: 'bearer' });
  res.json({ id: session.sessionId satisfies string, token: token satisfies string | undefined });
});
app.post('/autologin', autologin(manager));
app.get('/private', guard, (req, res) => {
  const userId: string | undefined = req.identitySession?.userId;
  // @ts-expect-error -- a handler may have been mounted without a guard
  const unguarded: string = req.identitySession.userId;
  // @ts-expect-error -- there is no such field, so the type is not `any`
  const unknown: unknown = req.identitySession?.password;
  res.json([userId, unguarded, unknown]);
});
app.get('/sessions', guard, sessionLookup(manager));
app.delete('/sessions/:id', guard, revokeRoute(inMemory));
app.use(restRouter(manager, { limits: { revoke: false } }));
app.use(sessionErrors(manager));

function currentOf(req: Request): IdentitySession | undefined {
  return req.identitySession;
}

function codeOf(error: unknown): RefusalCode | undefined {
  return error instanceof SessionError ? error.code : undefined;
}

/** The session of a WebSocket, and of a request whose parameters have names. */
function opened(webSockets: WebSocketServer): RequestHandler<{ id: string }> {
  app.listen().on('upgrade', upgradeGuard(manager, { app, webSockets }));
  webSockets.on('connection', (socket, request) => socket.send(sessionOf(request).userId));
  // @ts-expect-error -- a session is on requests alone
  sessionOf({});
  return (request, response) => void response.json([request.params.id, sessionOf(request)]);
}

/** Whatever is set in an environment, or is not. */
async function configured(redis: RedisClient | undefined, limit: number | undefined): Promise<void> {
  const { NODE_ID: nodeId, SCHEMA: schema } = process.env;
  const text = process.env['TEXT'];
  const hint = redis && redisHint(redis, { channel: text });
  const sessions = createIdentitySessionManager({
    knex: createKnex({ client: 'pg' }),
    schema,
    nodeId,
    hint,
    location: await maxmind('GeoLite2-City.mmdb'),
    cookies: { name: text },
    ipCheck: { maskV4: text },
    rulesFor: () => ({ maxSessionsPerUser: limit }),
  });
  const dialect = limit === undefined ? undefined : openXchange(sessions.settings, { defaultClient: text });
  const limits = { revoke: limit === undefined ? undefined : { limit } };
  app.use(sessionSecretGuard(sessions, { dialect, activity: limit === undefined ? undefined : false }));
  app.use(signInLimiter(sessions, { limit, dialect }));
  app.use(restRouter(sessions, { dialect, limits }));
  app.use(abpRouter(sessions, { isGranted: () => true, currentUser: undefined, limits }));
  app.use(openXchangeRouter(sessions, { authenticate: () => undefined, dialect, uiWebPath: text }));
  await migrate(createKnex({ client: 'pg' }), { schema });
}

function refreshed(dialect: OpenXchangeDialect): RequestHandler[] {
  return [sessionSecretGuard(manager, { dialect }), cookieRefresh(manager, { dialect })];
}

// @ts-expect-error -- a wrong option is a mistake that the compiler sees
createIdentitySessionManager({ knex: createKnex({ client: 'pg' }), onLimit: 'forget' });

await migrate(createKnex({ client: 'pg', migrations: migrationConfig() }));
export { codeOf, configured, currentOf, opened, refreshed };
