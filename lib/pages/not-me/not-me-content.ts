import type { DescribedSession } from '../../session/described';
import { displayLocation, displayName } from '../../session/i18n/messages';
import { currentIpAddress } from '../../session/session';
import type { Reader } from '../messages/reader';
import { confirmForm } from '../parts/confirm-dialog';
import { deviceKind } from '../parts/device-kind';
import { html, type Html } from '../parts/html';
import { icon, iconDrawings } from '../parts/icon';
import { noticeBox } from '../parts/notice';
import { factList } from '../parts/session-facts';
import { timeOf } from '../parts/time';

/**
 * Returns the content of the page that shows what a link is about, with a button.
 * @param described The session, or undefined if it was deleted.
 */
export function askingContent(described: DescribedSession | undefined, reader: Reader): Html {
  const { notMe } = reader.texts;
  const { question: title, effect, button } = notMe;
  return html`<p class="eis-quiet">${notMe.introduction}</p>
    ${described === undefined ? html`<p class="eis-card">${notMe.forgotten}</p>` : signInCard(described, reader)}
    <p>${notMe.wasMe}</p>
    ${confirmForm({ title, effect, button }, reader)}`;
}

/** The holder of the link need not be the owner, so the card shows only what helps to recognize the sign-in. */
function signInCard({ session, device, place }: DescribedSession, reader: Reader): Html {
  const { kinds, facts } = reader.texts.session;
  const { admin } = reader.texts;
  const kind = deviceKind(device, session);
  return html`${iconDrawings()}
    <section class="eis-card">
      <p class="eis-kind">${icon(kind, kinds[kind])}</p>
      ${factList([
        [facts.device, displayName(device, reader.names)],
        [facts.place, displayLocation(place, reader.names)],
        [facts.address, currentIpAddress(session)],
        [facts.signedIn, timeOf(session.signedIn, reader, 'exact')],
        [admin.facts.ended, session.endedAt !== null && timeOf(session.endedAt, reader, 'exact')],
      ])}
    </section>`;
}

/** Returns the content of the page after the session was ended, with a link to the sign-in page. */
export function endedContent(signIn: string, { texts }: Reader): Html {
  return html`${noticeBox(texts.notMe.ended, texts.notMe.advice)}
    <p><a href="${signIn}">${texts.problem.signIn}</a></p>`;
}
