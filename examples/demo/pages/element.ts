import { html, type PageContent, type PageParts } from '../../../lib/pages';

/** A page that shows the sessions with the custom element, as another front end would. */
export function elementPage({ page }: PageParts): PageContent {
  return page(
    'Sessions in another front end',
    html`<p class="eis-quiet">This list is the custom element. It uses the REST routes.</p>
      <script src="/identity-sessions.js" type="module"></script>
      <identity-sessions></identity-sessions>`,
  );
}
