import { compileFunction } from 'node:vm';
import type { Express } from 'express';
import type express from 'express';
import type { Knex } from 'knex';
import ts from 'typescript';

import * as sessions from '../../lib';

interface Surroundings {
  readonly express: typeof express;
  readonly knex: Knex;
  /** The environment variables of the app. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further modules that the app imports. */
  readonly modules?: Readonly<Record<string, unknown>>;
}

/** Runs the app of a page as it is printed. Only the database and the port are those of the test. */
export async function appOfSnippet(
  code: string,
  { express, knex, env = {}, modules = {} }: Surroundings,
): Promise<{ app: Express; manager: sessions.IdentitySessionManager }> {
  const compilerOptions = {
    module: ts.ModuleKind.CommonJS,
    target: ts.ScriptTarget.ES2023,
    esModuleInterop: true,
  };
  const { outputText } = ts.transpileModule(code, { compilerOptions });
  const withoutPort = () => Object.assign(express(), { listen: () => undefined });
  const found: Readonly<Record<string, unknown>> = {
    ...modules,
    express: Object.assign(withoutPort, express),
    knex: () => knex,
    'express-identity-sessions': sessions,
  };
  const given = { require: (name: string) => found[name], exports: {}, process: { env } };
  const wrapped = `return (async () => { ${outputText}\nreturn { app, manager }; })();`;
  const run = compileFunction(wrapped, Object.keys(given)) as (
    ...given: unknown[]
  ) => Promise<{ app: Express; manager: sessions.IdentitySessionManager }>;
  return run(...Object.values(given));
}
