import type { Client } from 'pg';

/** The name of a statement that a node sends by itself: it finds its tables, and reads the policy and the change log. */
export const BY_ITSELF = /\.schema$|\.policy$|session_changes/;

/** Returns the option `afterCreate` of a pool that adds the name or the text of each statement of its connections to the list. */
export function watched(statements: string[]) {
  return (connection: Client, done: (error: null, connection: Client) => void): void => {
    const query = connection.query.bind(connection) as (...given: unknown[]) => unknown;
    const watching = (statement: { name?: string; text: string }, ...others: unknown[]) => {
      statements.push(statement.name || statement.text);
      return query(statement, ...others);
    };
    done(null, Object.assign(connection, { query: watching }));
  };
}
