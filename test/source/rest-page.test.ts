import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Router } from 'express';

import openapi from '../../openapi.json';
import packageJson from '../../package.json';
import { END_REASONS } from '../../lib/session/end-reason';
import { createIdentitySessionManager, memory, restRouter, type IdentitySessionManager } from '../../lib';
import { PROJECT } from './sources';
import { OPERATIONS } from '../support/openapi';
import { tableUnder } from './tables';

/** Returns the routes of a router, such as `GET /sessions`. */
function routesOf(router: Router): string[] {
  return router.stack.flatMap(({ route }) => {
    // Error handlers have no route.
    if (route === undefined) return [];
    const { path, methods } = route as unknown as { path: string; methods: Record<string, boolean> };
    return Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`);
  });
}

describe('the description of REST', () => {
  let manager: IdentitySessionManager;

  beforeEach(() => {
    manager = createIdentitySessionManager({ store: memory() });
  });
  afterEach(() => manager.close());

  it('in openapi.json has exactly the routes that restRouter mounts', () => {
    const routes = routesOf(restRouter(manager)).map((route) => route.replace(':id', '{id}'));
    expect([...OPERATIONS.keys()].sort()).toEqual(routes.sort());
  });

  it('in openapi.json has the version of the package', () => {
    expect(openapi.info.version).toBe(packageJson.version);
  });

  it('in openapi.json has every reason for which a session ends', () => {
    expect(openapi.components.schemas.Problem.properties.reason.enum).toEqual([...END_REASONS]);
  });

  it('in docs/rest.md lists exactly the routes that restRouter mounts', () => {
    const rows = tableUnder(
      '| route | verb | response |',
      readFileSync(join(PROJECT, 'docs/rest.md'), 'utf8'),
    );
    expect(rows.map(([route]) => route)).toEqual(routesOf(restRouter(manager)));
  });
});
