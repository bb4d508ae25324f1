import type { Reader } from '../messages/reader';
import { html, type Html } from './html';

/** The way in which a time is shown. The script shows it again in the reader's time zone, and keeps relative times current. */
export type TimeForm = 'relative' | 'exact';

/** Returns a time, relative to now or exact. A relative time shows the exact one on hover. */
export function timeOf(time: number, reader: Reader, form: TimeForm = 'relative'): Html {
  const iso = new Date(time).toISOString();
  const exact = reader.exact(time);
  if (form === 'exact') return html`<time datetime="${iso}" data-exact>${exact}</time>`;
  return html`<time datetime="${iso}" title="${exact}">${reader.relative(time)}</time>`;
}

/** Returns a message with HTML in place of its placeholder `{name}`. The message itself is escaped. */
export function filledWith(message: string, name: string, content: Html): Html {
  const [before = '', after = ''] = message.split(`{${name}}`, 2);
  return html`${before}${content}${after}`;
}
