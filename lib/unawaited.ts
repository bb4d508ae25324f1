/**
 * Calls what belongs to the app and nobody waits for. What it throws, or its promise rejects with, goes to `failed`: an
 * error or a rejection that nobody takes would end the process.
 */
export function unawaited(call: () => unknown, failed: (error: unknown) => void): void {
  // Within an async function what is thrown is a rejection too. An app's promise may be one of another library.
  (async () => {
    await call();
  })().catch(failed);
}
