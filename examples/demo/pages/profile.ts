import { html } from './html';
import { signedInPage, type Viewer } from './layout';

export function profilePage(viewer: Viewer): string {
  return signedInPage(
    viewer,
    'Profile',
    html`
      <div class="card">
        <p>You are <strong>${viewer.user}</strong>${viewer.isAdministrator && ', an administrator'}.</p>
        <p class="quiet">Nobody gets here without a live session. Programs get it as JSON.</p>
      </div>
    `,
  );
}
