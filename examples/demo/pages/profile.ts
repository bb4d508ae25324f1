import { html, type PageContent, type PageParts } from '../../../lib/pages';
import { textsIn } from '../texts';

interface Viewer {
  readonly user: string;
  readonly isAdministrator: boolean;
}

/** A page that only signed-in users can open. */
export function profilePage({ page, reader }: PageParts, { user, isAdministrator }: Viewer): PageContent {
  const { pages, profile } = textsIn(reader);
  return page(
    pages.profile,
    html`<div class="eis-card">
      <p>${profile.user} <strong>${user}</strong>. ${isAdministrator && profile.administrator}</p>
      <p class="eis-quiet">${profile.advice}</p>
    </div>`,
  );
}
