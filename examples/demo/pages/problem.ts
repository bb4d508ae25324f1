import { html } from './html';
import { page } from './layout';

/** The page that a person sees instead of a problem document. */
export function problemPage(title: string, detail: string): string {
  return page(
    title,
    html`
      <main class="narrow">
        <h1>${title}</h1>
        <p class="notice problem" role="alert">${detail}</p>
        <p><a href="/">Back to your sessions</a></p>
      </main>
    `,
  );
}
