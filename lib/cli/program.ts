import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { Knex } from 'knex';

import { createIdentitySessionManager } from '../create';
import type { IdentitySessionManager } from '../manager/manager';
import { inSchema } from '../database/statement-runner';
import { checkLayout } from '../migrations/layout';
import { migrate, pendingMigrations } from '../migrations/migrate';
import { partitionSessions } from '../migrations/partition-sessions';
import { BUCKETS } from '../session/bucket';
import { MOST_TAKEN } from '../store/store';
import { VERSION } from '../version';
import { openDatabase, type ConnectionOptions } from './connection';
import { doctor } from './doctor';
import { cleanup, end, list } from './session-commands';
import { status } from './status';
import { EXIT, type Terminal } from './terminal';

/** The database of a command, and a manager on it that runs no cleanup by itself. */
interface Session {
  readonly knex: Knex;
  readonly manager: IdentitySessionManager;
  /** The schema of the tables. Undefined if the tables do not exist. */
  readonly schema: string | undefined;
}

/**
 * Runs a command of the command line and returns its exit code.
 * @param args The arguments after the name of the program.
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  let code: number = EXIT.ok;
  const program = programOn(terminal, (result) => (code = result));
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.failed;
    terminal.complain(`error: ${messageOf(error)}`);
    return EXIT.failed;
  }
}

/** The message of a refused connection can be empty, and its code is then the only description. */
function messageOf(error: unknown): string {
  const { message, code, cause } = error as {
    message?: string;
    code?: string;
    cause?: { message?: string; code?: string };
  };
  const reason = cause?.message || cause?.code;
  return `${message || code || String(error)}${reason ? ` (${reason})` : ''}`;
}

function programOn(terminal: Terminal, done: (code: number) => void): Command {
  const program = new Command('express-identity-sessions')
    .description('Examines and manages the sessions of an app.')
    .version(VERSION)
    .option('--knexfile <path>', 'the knexfile with the connection; without it, DATABASE_URL is used')
    .option('--env <name>', 'the environment in the knexfile (default: NODE_ENV or development)')
    .option(
      '--schema <name>',
      'the schema of the tables (default: the first of the search path that has them)',
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.complain(text.trimEnd()),
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 success; 1 a problem was found, or no such session; 2 the command could not run.',
    );

  /** Connects, runs the command and disconnects. */
  const connected =
    <Given extends unknown[]>(command: (session: Session, ...given: Given) => Promise<number>) =>
    async (...given: Given): Promise<void> =>
      done(
        await withSession(program.opts<ConnectionOptions>(), terminal, (session) =>
          command(session, ...given),
        ),
      );

  program
    .command('doctor')
    .description('check the server, the tables, the privileges and the connection, and print what to correct')
    .option('--json', 'print JSON')
    .action(connected((session, options: { json?: boolean }) => doctor(session, options, terminal)));
  program
    .command('migrate')
    .description('create or update the tables')
    .option('--dry-run', 'only print the migrations that would run')
    .option('--partitions <count>', 'create the table of sessions with partitions', countIn(BUCKETS))
    .action(
      connected((session, options: { dryRun?: boolean; partitions?: number }) =>
        migrateCommand(session, { ...program.opts<ConnectionOptions>(), ...options }, terminal),
      ),
    );
  program
    .command('partition')
    .description('move the sessions of a running app from one table to partitions; nobody is signed out')
    .requiredOption('--partitions <count>', `how many, at most ${BUCKETS}`, countIn(BUCKETS))
    .option('--end-others', 'end sessions whose ids do not name the bucket of their owner')
    .action(
      connected((session, options: { partitions: number; endOthers?: boolean }) =>
        partitionCommand(withTables(session), options, terminal),
      ),
    );
  program
    .command('status')
    .description('print the numbers of sessions and when cleanup last finished')
    .option('--json', 'print JSON')
    .action(
      connected((session, options: { json?: boolean }) => status(withTables(session), options, terminal)),
    );
  program
    .command('list')
    .description('print the newest live sessions')
    .option('--user <id>', 'only those of a user')
    .option('--tenant <id>', 'only those of a tenant')
    .option('--limit <count>', `how many, at most ${MOST_TAKEN}`, countIn(MOST_TAKEN), 50)
    .option('--json', 'print JSON')
    .action(
      connected((session, options: Parameters<typeof list>[1]) =>
        list(withTables(session).manager, options, terminal),
      ),
    );
  program
    .command('end')
    .description('end the sessions with these ids, all sessions of a user, or all sessions')
    .argument('[ids...]')
    .option('--user <id>', 'end all sessions of this user')
    .option('--everything', 'end all sessions')
    .option('--tenant <id>', 'the tenant of the user; with --everything, end all sessions of this tenant')
    .option('--by <name>', 'the actor that is stored with the end')
    .option('--json', 'print JSON')
    .action(
      connected((session, ids: string[], options: Parameters<typeof end>[2]) =>
        end(withTables(session).manager, ids, options, terminal),
      ),
    );
  program
    .command('cleanup')
    .description('run a cleanup now')
    .option('--json', 'print JSON')
    .action(
      connected((session, options: { json?: boolean }) =>
        cleanup(withTables(session).manager, options, terminal),
      ),
    );
  return program;
}

async function withSession(
  options: ConnectionOptions,
  terminal: Terminal,
  command: (session: Session) => Promise<number>,
): Promise<number> {
  const knex = await openDatabase(options, terminal);
  try {
    const schema = await schemaOf(knex, options.schema);
    const where = schema === undefined ? {} : { schema };
    const manager = createIdentitySessionManager({
      knex,
      ...where,
      isCleanupEnabled: false,
      location: false,
      requestBudget: '60s',
    });
    try {
      return await command({ knex, manager, schema });
    } finally {
      await manager.close();
    }
  } finally {
    await knex.destroy();
  }
}

/** @throws Error if there are no tables */
function withTables<S extends Session>(session: S): S & { readonly schema: string } {
  const { schema } = session;
  if (schema !== undefined) return { ...session, schema };
  throw new Error(
    'The tables do not exist. Run `npx express-identity-sessions migrate`, or check the schema',
  );
}

/** Returns the schema of the tables: the given one, or the first of the search path that has them. */
async function schemaOf(knex: Knex, given?: string): Promise<string | undefined> {
  const name = given === undefined ? 'identity_sessions' : inSchema('identity_sessions', given);
  const { rows } = await knex.raw<{ rows: { schema: string }[] }>(
    'select nspname as schema from pg_class c join pg_namespace n on n.oid = relnamespace where c.oid = to_regclass(?)',
    [name],
  );
  return rows[0]?.schema;
}

async function migrateCommand(
  { knex }: Session,
  {
    schema,
    dryRun,
    partitions,
  }: { readonly schema?: string; readonly dryRun?: boolean; readonly partitions?: number },
  { print }: Terminal,
): Promise<number> {
  const options = { schema, partitions };
  const pending = await pendingMigrations(knex, options);
  if (dryRun) await checkLayout(knex, options);
  else await migrate(knex, options);
  if (pending.length === 0) print('All migrations have run.');
  for (const name of pending) print(`${dryRun ? 'Would run' : 'Ran'} ${name}.`);
  return EXIT.ok;
}

async function partitionCommand(
  { knex, schema }: Session & { readonly schema: string },
  { partitions, endOthers = false }: { readonly partitions: number; readonly endOthers?: boolean },
  { print }: Terminal,
): Promise<number> {
  const { copied, ended } = await partitionSessions(knex, { schema, partitions, endOthers });
  print(`Moved ${copied} sessions to ${partitions} partitions.`);
  if (ended > 0) print(`Ended ${ended} sessions whose ids do not name the bucket of their owner.`);
  return EXIT.ok;
}

/** Returns a parser of a whole number from 1 to `max`. */
function countIn(max: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^[0-9]+$/.test(text) && count >= 1 && count <= max) return count;
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
  };
}
