import { html, problemBox, type PageContent, type PageParts } from '../../../lib/pages';
import { accountsToTry } from '../accounts';

interface SignInPage {
  /** The name that the form is filled in with. */
  readonly name: string;
  /** The reason why the last attempt failed. */
  readonly problem?: string;
  /** The page to show after the sign-in. */
  readonly returnTo: string;
}

export function signInPage(
  { page, notice }: PageParts,
  { name, problem, returnTo }: SignInPage,
): PageContent {
  return page(
    'Sign in',
    html`
      ${notice} ${problem && problemBox(problem)}
      <form class="eis-card eis-fields" method="post" action="/sign-in">
        <input type="hidden" name="returnTo" value="${returnTo}" />
        <label for="name">Name</label>
        <input id="name" name="name" value="${name}" autocomplete="username" autocapitalize="none" required />
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required />
        <label class="choice"><input name="staySignedIn" type="checkbox" /> Stay signed in</label>
        <button class="eis-button eis-primary">Sign in</button>
      </form>
      <h2>Accounts to try</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Password</th>
          </tr>
        </thead>
        <tbody>
          ${accountsToTry.map(
            (account) =>
              html`<tr>
                <td>${account.name}</td>
                <td>${account.password}</td>
              </tr>`,
          )}
        </tbody>
      </table>
      <p class="eis-quiet">Sign in with two browsers, then end one session from the other.</p>
    `,
    { width: 'narrow' },
  );
}
