import type { Reader } from '../messages/reader';
import { html, type Html } from './html';

/** A question before sessions end. */
export interface Question {
  readonly title: string;
  /** The effect of the act. */
  readonly effect: string;
  /** The path to which the answer is posted. Default: that of the page. */
  readonly action?: string | undefined;
  /** Hidden fields of the form. */
  readonly fields?: readonly (readonly [name: string, value: string])[] | undefined;
  /** The text of the button. Default: "Sign out". */
  readonly button?: string | undefined;
  /** The page to which "Cancel" leads. Default: the question has only one button. */
  readonly cancel?: string | undefined;
}

/** Returns the form that asks the question, for a page of its own. */
export function confirmForm(question: Question, { texts }: Reader): Html {
  const { title, effect, action, fields = [], cancel, button = texts.session.signOut } = question;
  return html`<form
    class="eis-card eis-question"
    method="post"
    ${action !== undefined && html`action="${action}"`}
  >
    <h2>${title}</h2>
    <p>${effect}</p>
    ${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <p class="eis-actions">
      ${cancel !== undefined && html`<a class="eis-button" href="${cancel}">${texts.confirm.cancel}</a>`}
      <button class="eis-button eis-danger">${button}</button>
    </p>
  </form>`;
}

/** Returns the dialog in which the script asks every question of a page. It is empty until then. */
export function confirmDialog(reader: Reader): Html {
  return html`<dialog class="eis-dialog" id="eis-dialog" aria-labelledby="eis-question">
    <form method="post">
      <h2 id="eis-question"></h2>
      <p></p>
      <p class="eis-actions">
        <button class="eis-button" type="button" data-cancel autofocus>${reader.texts.confirm.cancel}</button>
        <button class="eis-button eis-danger">${reader.texts.session.signOut}</button>
      </p>
    </form>
  </dialog>`;
}
