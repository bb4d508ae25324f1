import type { DescribedSession } from '../../../lib';
import { html } from './html';
import { noticeOf, signedInPage, type Viewer } from './layout';
import type { Notice } from './notices';
import { sessionList } from './session-list';

interface User {
  readonly name: string;
  readonly sessions: readonly DescribedSession[];
}

interface AdministrationPage extends Viewer {
  readonly users: readonly User[];
  /** The id of the session in which the page is shown. */
  readonly currentId: string;
  readonly notice: Notice | undefined;
}

/** The page on which administrators see and end the sessions of all users. */
export function administrationPage({ users, currentId, notice, ...viewer }: AdministrationPage): string {
  const section = ({ name, sessions }: User) => {
    const path = `/admin/users/${encodeURIComponent(name)}/sessions`;
    return html`
      <h2>${name}</h2>
      ${
        sessions.length === 0
          ? html`<p class="quiet">Not signed in.</p>`
          : sessionList({ sessions, currentId, path, userName: name })
      }
    `;
  };
  return signedInPage(viewer, 'All users', html`${noticeOf(notice)} ${users.map(section)}`);
}
