import { accountsToTry } from '../accounts';
import { html } from './html';
import { noticeOf, page } from './layout';
import type { Notice } from './notices';

interface SignInPage {
  /** The name that the form is filled in with. */
  readonly name: string;
  /** The reason why the last attempt failed. */
  readonly problem?: string;
  readonly notice?: Notice | undefined;
  /** The page to show after the sign-in. */
  readonly returnTo: string;
}

export function signInPage({ name, problem, notice, returnTo }: SignInPage): string {
  return page(
    'Sign in',
    html`
      <main class="narrow">
        <h1>Sign in</h1>
        ${noticeOf(notice)} ${problem && html`<p class="notice problem" role="alert">${problem}</p>`}
        <form class="card fields" method="post" action="/sign-in">
          <input type="hidden" name="returnTo" value="${returnTo}" />
          <label for="name">Name</label>
          <input
            id="name"
            name="name"
            value="${name}"
            autocomplete="username"
            autocapitalize="none"
            required
          />
          <label for="password">Password</label>
          <input id="password" name="password" type="password" autocomplete="current-password" required />
          <label class="choice"><input name="staySignedIn" type="checkbox" /> Stay signed in</label>
          <button class="primary">Sign in</button>
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
        <p class="quiet">Sign in with two browsers, then end one session from the other.</p>
      </main>
    `,
  );
}
