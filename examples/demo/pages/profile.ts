import { html, type PageContent, type PageParts } from '../../../lib/pages';

interface Viewer {
  readonly user: string;
  readonly isAdministrator: boolean;
}

/** A page that only signed-in users can open. */
export function profilePage({ page }: PageParts, { user, isAdministrator }: Viewer): PageContent {
  return page(
    'Profile',
    html`<div class="eis-card">
      <p>You are <strong>${user}</strong>${isAdministrator && ', an administrator'}.</p>
      <p class="eis-quiet">Only signed-in users can open this page. Programs get it as JSON.</p>
    </div>`,
  );
}
