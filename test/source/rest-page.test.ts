import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Router } from 'express';

import { createIdentitySessionManager, memory, restRouter, type IdentitySessionManager } from '../../lib';
import { PROJECT } from './sources';
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

describe('docs/rest.md', () => {
  let manager: IdentitySessionManager;

  beforeEach(() => {
    manager = createIdentitySessionManager({ store: memory() });
  });
  afterEach(() => manager.close());

  it('lists exactly the routes that restRouter mounts', () => {
    const rows = tableUnder(
      '| route | verb | response |',
      readFileSync(join(PROJECT, 'docs/rest.md'), 'utf8'),
    );
    expect(rows.map(([route]) => route)).toEqual(routesOf(restRouter(manager)));
  });
});
