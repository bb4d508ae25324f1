import express, { type Express, type RequestHandler } from 'express';

import {
  createSignIn,
  restRouter,
  sessionErrors,
  sessionSecretGuard,
  type IdentitySessionManager,
  type RestRouterOptions,
  type SignInFacts,
} from '../../lib';
import { documented } from './openapi';

export interface AppOptions extends RestRouterOptions {
  /** The version of Express. Express 5 by default. */
  readonly framework?: typeof express;
  readonly before?: readonly RequestHandler[];
}

/**
 * An app that uses the package like a real one. `/sign-in` accepts every user without a password, `/private` is guarded, and
 * the REST routes are at the root. Their responses are
 * compared with `openapi.json`.
 */
export function appOn(manager: IdentitySessionManager, options: AppOptions = {}): Express {
  const { framework = express, before = [], ...routerOptions } = options;
  const app = framework();
  for (const handler of before) app.use(handler);
  const signIn = createSignIn(manager);

  app.post('/sign-in', framework.json(), (request, response, next) => {
    signIn(request, response, request.body as SignInFacts).then((signedIn) => response.json(signedIn), next);
  });
  app.all('/private', sessionSecretGuard(manager), (request, response) => {
    response.json(request.identitySession);
  });
  if (routerOptions.dialect === undefined) app.use(documented());
  app.use(restRouter(manager, routerOptions));
  app.use(sessionErrors(manager));
  return app;
}
