import { html } from './html';
import { signedInPage, type Viewer } from './layout';

export function profilePage(viewer: Viewer): string {
  return signedInPage(
    viewer,
    'Profile',
    html`
      <div class="card">
        <p>You are <strong>${viewer.user}</strong>${viewer.isAdministrator && ', an administrator'}.</p>
        <p class="quiet">Only signed-in users can open this page. Programs get it as JSON.</p>
      </div>
    `,
  );
}
