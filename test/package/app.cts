import express = require('express');
import createKnex = require('knex');
import sessions = require('express-identity-sessions');
import { sessionSecretGuard, type IdentitySessionManager } from 'express-identity-sessions';

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
