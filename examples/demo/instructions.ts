import { accountsToTry } from './accounts';

/** Returns the text that explains how to try the demo and how to stop it. */
export function instructions({ secure }: { readonly secure: boolean }): string {
  const accounts = accountsToTry.map(({ name, password }) => `  ${name} / ${password}`);
  return `
Sign in with two browsers; a page shows the mail about the second one. The accounts are:
${accounts.join('\n')}
${secure ? '' : '\nThe warning says that cookies travel over plain HTTP. That is fine on your own machine.'}
Press Ctrl-C to stop.
`;
}
