import type { Request } from 'express';

import type { SessionError } from '../../errors';
import { queryOf } from '../../http/request';
import { displayRefusal } from '../../session/i18n/messages';
import type { NoticeName } from '../messages/page-messages';
import type { Reader } from '../messages/reader';
import { html, type Html } from './html';

/** The largest number that a notice shows. A link could contain any number. */
const MOST = 100_000;

/**
 * Returns the notice that the query of the request names, such as `?notice=revoked`, or undefined. The texts are those of
 * the pages, so that a link cannot put its own text on a page. The notice has the role `status` and gets the focus.
 */
export function noticeOf(request: Pick<Request, 'url'>, reader: Reader): Html | undefined {
  const query = queryOf(request);
  const name = query.get('notice') ?? '';
  const { notices } = reader.texts;
  if (!Object.hasOwn(notices, name)) return undefined;
  const { title, text } = notices[name as NoticeName];
  const count = Math.min(Number(/^\d{1,6}$/.exec(query.get('count') ?? '1')?.[0] ?? 1), MOST);
  return noticeBox(typeof title === 'string' ? title : reader.plural(title, count), text);
}

/** Returns a message about something that happened. It gets the focus, so that screen readers read it. */
export function noticeBox(title: string, text: string): Html {
  return html`<p class="eis-notice" role="status" tabindex="-1" autofocus>
    <strong>${title}</strong> ${text}
  </p>`;
}

/** Returns a message about something that failed. */
export function problemBox(text: string): Html {
  return html`<p class="eis-notice eis-problem" role="alert" tabindex="-1" autofocus>${text}</p>`;
}

/** Returns the heading and the content of a page about a refusal, with a link to the next page. */
export function problemPage(
  error: SessionError,
  reader: Reader,
  next: { readonly path: string; readonly text: string },
): { readonly title: string; readonly content: Html } {
  const content = html`${problemBox(displayRefusal(error, reader.names))}
    <p><a href="${next.path}">${next.text}</a></p>`;
  return { title: reader.texts.problem.title, content };
}
