import { FolderInUse } from './embedded-postgres/server';

/** Runs a program to its end. Prints errors that the user can fix as one line without a stack. */
export function run(program: () => Promise<void>): void {
  program().catch((error: unknown) => {
    console.error(adviceOn(error) ?? error);
    // PostgreSQL stops together with the process that started it.
    process.exit(1);
  });
}

function adviceOn(error: unknown): string | undefined {
  if (error instanceof FolderInUse) {
    return `The demo is already running (its PostgreSQL is in ${error.folder}). Stop it, or set DATABASE_URL and PORT.`;
  }
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `Port ${port} is in use. Stop the program that listens on it, or set PORT.`;
  return undefined;
}
