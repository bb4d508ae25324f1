/** A failure of the server during a migration, with its SQLSTATE and with advice. */
class MigrationFailure extends Error {
  override readonly name = 'MigrationFailure';
  code?: string;
}

/** Advice by SQLSTATE. It follows the message of the server. */
const ADVICE: Readonly<Record<string, string>> = {
  '42501':
    'the role that runs the migrations of express-identity-sessions needs CREATE on the schema, or on the database if the schema is missing. To roll back, it must own the tables',
  '53200':
    'the server has too few locks for this number of partitions: use fewer, or raise `max_locks_per_transaction`',
  '42P07':
    'the migrations of express-identity-sessions ran in another way, which this history does not contain. Continue to run them in that way',
};

/**
 * Runs a migration.
 * @throws Error with advice and without the text of the statement, if the role lacks a privilege or if the tables exist
 */
export async function explained<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string };
    const advice = ADVICE[code];
    if (advice === undefined || error instanceof MigrationFailure) throw error;
    // Knex writes the statement in front of the server's message.
    const failure = new MigrationFailure(`${message.split(' - ').at(-1)}: ${advice}`);
    throw Object.assign(failure, { code });
  }
}
