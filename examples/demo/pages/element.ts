import { html, type PageContent, type PageParts } from '../../../lib/pages';
import { textsIn } from '../texts';

/** A page that shows the sessions with the custom element, as another front end would. */
export function elementPage({ page, reader }: PageParts): PageContent {
  const { title, advice } = textsIn(reader).element;
  return page(
    title,
    html`<p class="eis-quiet">${advice}</p>
      <script src="/identity-sessions.js" type="module"></script>
      <identity-sessions></identity-sessions>`,
  );
}
