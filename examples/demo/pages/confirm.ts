import { html, problemBox, type PageContent, type PageParts } from '../../../lib/pages';
import { textsIn } from '../texts';

interface ConfirmPage {
  readonly user: string;
  /** True if the last password was wrong. */
  readonly isWrong?: boolean;
  /** The page to show afterwards. */
  readonly returnTo: string;
}

/** A page that asks signed-in users for their password, before an action that needs a recent authentication. */
export function confirmPage(
  { page, reader }: PageParts,
  { user, isWrong = false, returnTo }: ConfirmPage,
): PageContent {
  const { confirm, signIn } = textsIn(reader);
  return page(
    confirm.title,
    html`
      ${isWrong && problemBox(confirm.wrong)}
      <p>${confirm.advice}</p>
      <form class="eis-card eis-fields" method="post" action="/confirm">
        <input type="hidden" name="returnTo" value="${returnTo}" />
        <label for="name">${signIn.name}</label>
        <input id="name" value="${user}" autocomplete="username" readonly />
        <label for="password">${signIn.password}</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
          autofocus
        />
        <button class="eis-button eis-primary">${confirm.button}</button>
      </form>
    `,
    { width: 'narrow' },
  );
}
