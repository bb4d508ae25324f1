import express, { type Request, type RequestHandler } from 'express';
import createKnex from 'knex';
import type { WebSocketServer } from 'ws';
import {
  SessionError,
  adoptSessions,
  autologin,
  createIdentitySessionManager,
  createSignIn,
  memory,
  migrate,
  rest,
  restRouter,
  revokeRoute,
  sessionErrors,
  sessionLookup,
  sessionOf,
  sessionSecretGuard,
  signInLimiter,
  upgradeGuard,
  type Dialect,
  type IdentitySession,
  type IdentitySessionOptions,
  type RefusalCode,
} from 'express-identity-sessions';
import { abpRouter } from 'express-identity-sessions/abp';
import { trackExpressSession, type TrackedUser } from 'express-identity-sessions/express-session';
import { maxmind } from 'express-identity-sessions/maxmind';
import {
  cookieRefresh,
  openXchange,
  openXchangeRouter,
  type OpenXchangeDialect,
} from 'express-identity-sessions/open-xchange';
import { displayName } from 'express-identity-sessions/i18n';
import type { RequestCredentials, Settings } from 'express-identity-sessions/protocols';
import {
  accountPage,
  adminPage,
  html,
  limitChoicePage,
  notMePage,
  pageParts,
  type Layout,
} from 'express-identity-sessions/pages';
import { passportSessions, type PassportLike } from 'express-identity-sessions/passport';
import { livez, openTelemetryMetrics, prometheusMetrics, readyz } from 'express-identity-sessions/metrics';
import type { PromClient, TelemetryMeter } from 'express-identity-sessions/metrics';
import { migration, migrationConfig, migrationKnexfile } from 'express-identity-sessions/migrations';
import { redisHint, type RedisClient } from 'express-identity-sessions/redis';
import { cookieHeader, signInAs, TestClock } from 'express-identity-sessions/testing';
import type { SessionStore, Touch } from 'express-identity-sessions/store';

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
/** The app's fields of `data`. */
interface Cart {
  readonly items: readonly string[];
}
declare module 'express-identity-sessions' {
  interface SessionData {
    cart: Cart;
  }
}
app.post('/cart/:item', guard, (req, res, next) => {
  const { sessionId, data } = sessionOf(req);
  const items: readonly string[] | undefined = data.cart?.items;
  // @ts-expect-error -- the app has declared no such field
  const unknown: unknown = data.basket;
  manager
    .update(sessionId, ({ cart }) => ({ cart: { items: [...(cart?.items ?? []), String(req.params.item)] } }))
    .then((updated) => res.json([updated satisfies boolean, items, unknown]), next);
});
const tracked = (userId: string): TrackedUser => ({ userId, clientId: 'web' });
app.use(trackExpressSession(manager, { userOf: (req) => req.get('user') ?? tracked(String(req.ip)) }));
app.use(
  adoptSessions(manager, {
    oldSessionOf: ({ query }) => (query['old'] ? { id: 'old', userId: 'alice' } : null),
  }),
);
// @ts-expect-error -- ids of users are strings
app.use(trackExpressSession(manager, { userOf: () => 7 }));
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

/** Options that may be undefined, because they come from the environment. */
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

/** An app with Passport, whose types are not installed here. */
declare global {
  namespace Express {
    interface User {
      readonly id: number;
      readonly tenantId: string | undefined;
    }
  }
}
function withPassport(passport: PassportLike): void {
  app.use(passportSessions(manager, { passport }));
  const factsOf = ({ id, tenantId }: Express.User) => ({ userId: String(id), tenantId, staySignedIn: 'on' });
  app.use(passportSessions(manager, { passport, factsOf, userProperty: undefined }));
}

/** A store that ignores touches, and so never notes a use. */
function withoutTouches(store: SessionStore): SessionStore {
  return {
    ...store,
    touch: (touches: readonly Touch[]) => ({ ended: [], skipped: touches.map(({ id }) => id) }),
  };
}

/** A dialect that reads the credentials from its own cookie. */
function own(settings: Settings, read: (req: Request) => RequestCredentials | undefined): Dialect {
  return { ...rest(settings), credentials: read };
}

function deviceNames(req: Request): Promise<string[]> {
  return manager
    .list(sessionOf(req))
    .then(({ sessions }) => sessions.map((each) => displayName(manager.describe(each).device)));
}

function refreshed(dialect: OpenXchangeDialect): RequestHandler[] {
  return [sessionSecretGuard(manager, { dialect }), cookieRefresh(manager, { dialect })];
}

/** Pages in the layout of the app, whose address of the sign-in page may come from the environment. */
function withPages(): RequestHandler {
  const layout: Layout = ({ head, body }, req) =>
    html`${head}
      <nav>${req.path}</nav>
      ${body}`;
  app.use('/account/sessions', accountPage(manager, { layout, signIn: process.env['SIGN_IN'] }));
  app.use(
    '/admin',
    adminPage(manager, { isGranted: (permission, req) => permission === 'sessions.read' && req.secure }),
  );
  app.use('/sign-in/choice', limitChoicePage(manager, { layout }));
  app.use(
    '/not-me',
    notMePage(manager, { onNotMe: async ({ owner }) => void (await manager.onCredentialChange(owner)) }),
  );
  // @ts-expect-error -- a language must be complete
  accountPage(manager, { languages: { fr: { direction: 'ltr' } } });
  const partsOf = pageParts(manager);
  return (req, res) => void res.send(String(partsOf(req).page('Sign in', html`${partsOf(req).notice}`).body));
}

/** Metrics and health routes. The prefix may come from the environment. */
function monitored(client: PromClient, meter: TelemetryMeter): void {
  const metrics = prometheusMetrics(client, { prefix: process.env['PREFIX'], registry: client.register });
  const sessions = createIdentitySessionManager({ store: memory(), report: metrics.report });
  metrics.observe(sessions);
  openTelemetryMetrics(meter).observe(sessions);
  app.get('/livez', livez()).get('/readyz', readyz(sessions));
}

// @ts-expect-error -- a wrong option is a mistake that the compiler sees
createIdentitySessionManager({ knex: createKnex({ client: 'pg' }), onLimit: 'forget' });

await migrate(createKnex(migrationKnexfile({ client: 'pg' }, { schema: process.env['SCHEMA'] })));
await createKnex({ client: 'pg' }).migrate.rollback(migrationConfig(), true);
await createKnex({ client: 'pg' }).transaction(migration('001_identity_sessions').down);
// @ts-expect-error -- there is no such migration
migration('000_unknown');
export {
  codeOf,
  configured,
  currentOf,
  deviceNames,
  monitored,
  opened,
  own,
  refreshed,
  withoutTouches,
  withPages,
  withPassport,
};
