import type { DescribedSession } from '../../../lib';
import { html } from './html';
import { noticeOf, signedInPage, type Viewer } from './layout';
import type { Notice } from './notices';
import { sessionList } from './session-list';

interface Person {
  readonly name: string;
  readonly sessions: readonly DescribedSession[];
}

interface AdministrationPage extends Viewer {
  readonly people: readonly Person[];
  readonly currentId: string;
  readonly notice: Notice | undefined;
}

export function administrationPage({ people, currentId, notice, ...viewer }: AdministrationPage): string {
  const section = ({ name, sessions }: Person) => {
    const path = `/admin/users/${encodeURIComponent(name)}/sessions`;
    return html`
      <h2>${name}</h2>
      ${
        sessions.length === 0
          ? html`<p class="quiet">Not signed in.</p>`
          : sessionList({ sessions, currentId, path, whose: name })
      }
    `;
  };
  return signedInPage(viewer, 'Everybody', html`${noticeOf(notice)} ${people.map(section)}`);
}
