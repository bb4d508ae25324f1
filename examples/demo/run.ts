import { FolderInUse } from './embedded-postgres/server';

/** Runs a program to its end. What its user can do something about is said in a line, without a stack. */
export function run(program: () => Promise<void>): void {
  program().catch((error: unknown) => {
    console.error(adviceOn(error) ?? error);
    // PostgreSQL ends with the process that started it.
    process.exit(1);
  });
}

function adviceOn(error: unknown): string | undefined {
  if (error instanceof FolderInUse) {
    return `The demo is already running (its PostgreSQL is in ${error.folder}): end it, or set DATABASE_URL and PORT.`;
  }
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') return `Port ${port} is in use: end what listens there, or set PORT.`;
  return undefined;
}
