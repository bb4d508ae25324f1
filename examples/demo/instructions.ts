import { accountsToTry } from './accounts';

/** What there is to try, and how to end it. */
export function invitation({ secure }: { readonly secure: boolean }): string {
  const accounts = accountsToTry.map(({ name, password }) => `  ${name} / ${password}`);
  return `
Sign in with two browsers, as
${accounts.join('\n')}
${secure ? '' : '\nThat its cookies travel over plain HTTP, as the warning says, is fine on your own machine.'}
Ctrl-C ends it.
`;
}
