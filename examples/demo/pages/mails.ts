import { displayLocation, displayName } from '../../../lib/session/i18n';
import { html, type Html, type PageContent, type PageParts } from '../../../lib/pages';
import type { Mail } from '../mailbox';
import { textsIn } from '../texts';

/** The page that shows the mails of the demo to everybody. */
export function mailsPage({ page, reader }: PageParts, mails: readonly Mail[]): PageContent {
  const texts = textsIn(reader);
  const list = mails.map(
    (mail) =>
      html`<li class="eis-card">
        <h2>${titleOf(mail, reader)}</h2>
        <p class="eis-quiet">
          ${reader.filled(texts.mails.to, { user: mail.to })},
          <time datetime="${new Date(mail.at).toISOString()}">${reader.relative(mail.at)}</time>
        </p>
        ${textOf(mail, reader)}
      </li>`,
  );
  return page(
    texts.pages.mails,
    html`<p class="eis-quiet">${texts.mails.advice}</p>
      ${
        mails.length === 0
          ? html`<p class="eis-card eis-empty">${texts.mails.none}</p>`
          : html`<ul class="eis-list" role="list">
              ${list}
            </ul>`
      }`,
  );
}

function titleOf({ about }: Mail, reader: PageParts['reader']): string {
  const { newDevice, failures, secured } = textsIn(reader).mails;
  return { 'new-device': newDevice, failures, secured }[about];
}

function textOf(mail: Mail, reader: PageParts['reader']): Html {
  const { mails } = textsIn(reader);
  if (mail.about === 'secured') return html`<p>${mails.changed}</p>`;
  if (mail.about === 'failures') {
    const address = mail.ipAddress ?? '?';
    return html`<p>${reader.filled(mails.tried, { count: reader.number(mail.count), address })}</p>`;
  }
  const { device, place } = mail.described;
  const facts = [displayName(device, reader.names), displayLocation(place, reader.names)];
  return html`<p>${reader.filled(mails.signedIn, { device: facts.filter(Boolean).join(', ') })}</p>
    <p><a class="eis-button" href="${mail.link}">${mails.link}</a></p>`;
}
