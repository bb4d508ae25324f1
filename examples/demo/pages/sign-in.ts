import { html, problemBox, type PageContent, type PageParts } from '../../../lib/pages';
import { accountsToTry } from '../accounts';
import { textsIn } from '../texts';

interface SignInPage {
  /** The name that the form is filled in with. */
  readonly name: string;
  /** True if the name or the password of the last attempt was wrong. */
  readonly isWrong?: boolean;
  /** The page to show after the sign-in. */
  readonly returnTo: string;
}

export function signInPage(
  { page, notice, reader }: PageParts,
  { name, isWrong = false, returnTo }: SignInPage,
): PageContent {
  const { signIn: texts } = textsIn(reader);
  return page(
    texts.title,
    html`
      ${notice} ${isWrong && problemBox(texts.wrong)}
      <form class="eis-card eis-fields" method="post" action="/sign-in">
        <input type="hidden" name="returnTo" value="${returnTo}" />
        <label for="name">${texts.name}</label>
        <input id="name" name="name" value="${name}" autocomplete="username" autocapitalize="none" required />
        <label for="password">${texts.password}</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required />
        <label class="choice"><input name="staySignedIn" type="checkbox" /> ${texts.staySignedIn}</label>
        <button class="eis-button eis-primary">${texts.title}</button>
      </form>
      <h2>${texts.accounts}</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">${texts.name}</th>
            <th scope="col">${texts.password}</th>
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
      <p class="eis-quiet">${texts.advice}</p>
    `,
    { width: 'narrow' },
  );
}
