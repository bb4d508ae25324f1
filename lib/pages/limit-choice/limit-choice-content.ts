import type { DescribedSession } from '../../session/described';
import type { Reader } from '../messages/reader';
import { html, type Html } from '../parts/html';
import { iconDrawings } from '../parts/icon';
import { problemBox } from '../parts/notice';
import { selectableCard, titled } from '../parts/session-card';

/** The parts of the page on which a user chooses sessions to end. */
export interface ChoiceContent {
  readonly sessions: readonly DescribedSession[];
  readonly reader: Reader;
  /** The sign-in page, to which "Cancel" leads. */
  readonly signIn: string;
  /** The reason why the last choice was not enough. */
  readonly problem: string | undefined;
}

/** Returns the user's sessions in a form. Its button ends the selected ones and completes the sign-in. */
export function choiceContent({ sessions, reader, signIn, problem }: ChoiceContent): Html {
  const { account, choice, confirm, problem: problems } = reader.texts;
  const isEmpty = sessions.length === 0;
  const items = titled(sessions, reader).map((session) => selectableCard(session, reader));
  return html`${problem !== undefined && problemBox(problem)}
    <p class="eis-quiet">${isEmpty ? choice.none : choice.introduction}</p>
    <form method="post">
      ${
        !isEmpty &&
        html`<h2>${account.title}</h2>
          <ul class="eis-card eis-list" role="list">
            ${items}
          </ul>`
      }
      <p class="eis-actions">
        <a class="eis-button" href="${signIn}">${confirm.cancel}</a>
        <button class="eis-button eis-primary">${isEmpty ? problems.signIn : choice.button}</button>
      </p>
    </form>
    ${iconDrawings()}`;
}
