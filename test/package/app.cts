import express = require('express');
import createKnex = require('knex');
import sessions = require('express-identity-sessions');
import { sessionSecretGuard, type IdentitySessionManager } from 'express-identity-sessions';
import abp = require('express-identity-sessions/abp');
import openXchange = require('express-identity-sessions/open-xchange');
import redis = require('express-identity-sessions/redis');

const manager: IdentitySessionManager = sessions.createIdentitySessionManager({
  knex: createKnex.default({ client: 'pg' }),
});
const app = express();
app.get('/private', sessionSecretGuard(manager), (req, res) => {
  const userId: string | undefined = req.identitySession?.userId;
  // @ts-expect-error -- a handler may have been mounted without a guard
  const unguarded: string = req.identitySession.userId;
  res.json([userId, unguarded]);
});
app.use(sessions.restRouter(manager));
app.use('/api', abp.abpRouter(manager, { isGranted: () => true }));
app.use('/ajax', openXchange.openXchangeRouter(manager, { authenticate: () => undefined }));

export function hintOf(client: redis.RedisClient): IdentitySessionManager {
  return sessions.createIdentitySessionManager({ hint: redis.redisHint(client) });
}
