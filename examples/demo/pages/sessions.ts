import type { DescribedSession } from '../../../lib';
import { html } from './html';
import { noticeOf, signedInPage, type Viewer } from './layout';
import type { Notice } from './notices';
import { sessionList } from './session-list';

interface SessionsPage extends Viewer {
  readonly sessions: readonly DescribedSession[];
  /** The id of the session in which the page is shown. */
  readonly currentId: string;
  /** The position of the next page, if there is one. */
  readonly next: string | undefined;
  readonly notice: Notice | undefined;
}

export function sessionsPage({ sessions, currentId, next, notice, ...viewer }: SessionsPage): string {
  return signedInPage(
    viewer,
    'Sessions',
    html`
      ${noticeOf(notice)}
      <p class="quiet">You are signed in on these devices. Sign out any that you do not recognize.</p>
      ${sessionList({ sessions, currentId, path: '/sessions' })}
      ${next !== undefined && html`<p><a href="/?after=${next}">Older sessions</a></p>`}
      ${
        sessions.length > 1 &&
        html`<form method="post" action="/sessions/others/end">
          <button class="danger">Sign out everywhere else</button>
        </form>`
      }
    `,
  );
}
