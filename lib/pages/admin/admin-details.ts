import type { DescribedSession } from '../../session/described';
import { visible } from '../../session/text';
import type { Reader } from '../messages/reader';
import { deviceKind } from '../parts/device-kind';
import { html, type Html } from '../parts/html';
import { icon, iconDrawings } from '../parts/icon';
import { badges } from '../parts/session-card';
import { sessionFacts, type Fact } from '../parts/session-facts';
import { timeOf } from '../parts/time';

/** A session with the parts that its page for administrators depends on. */
export interface AdminDetails {
  readonly described: DescribedSession;
  readonly reader: Reader;
  readonly base: string;
  /** True if the reader may end sessions. */
  readonly mayEnd: boolean;
}

/** Returns all facts about the session of any user, with a form that ends it, or all sessions of the user. */
export function adminDetails({ described, reader, base, mayEnd }: AdminDetails): Html {
  const { session } = described;
  const { texts } = reader;
  const kind = deviceKind(described.device, session);
  return html`${iconDrawings()}
    <section class="eis-card">
      <p class="eis-kind">${icon(kind, texts.session.kinds[kind])} ${badges(described, false, reader)}</p>
      ${sessionFacts(described, reader, administrativeFacts(described, reader))}
    </section>
    ${
      mayEnd &&
      html`<form class="eis-actions" method="post" action="${base}/confirm">
        <input type="hidden" name="tenant" value="${session.tenantId}" />
        <button class="eis-button" name="user" value="${session.userId}">
          ${reader.filled(texts.admin.endAllOf, { user: visible(session.userId) })}
        </button>
        ${
          session.endedAt === null &&
          html`<button class="eis-button eis-danger" name="id" value="${session.sessionId}">
            ${texts.session.signOut}
          </button>`
        }
      </form>`
    }`;
}

function administrativeFacts({ session }: DescribedSession, reader: Reader): readonly Fact[] {
  const { facts, user, tenant } = reader.texts.admin;
  return [
    [user, visible(session.userId)],
    [tenant, visible(session.tenantId)],
    [facts.kind, visible(session.device)],
    [facts.node, session.node],
    [facts.id, session.sessionId],
    [facts.ended, session.endedAt !== null && timeOf(session.endedAt, reader, 'exact')],
    [facts.reason, session.endReason && reader.texts.reasons[session.endReason]],
    [facts.endedBy, visible(session.endedBy)],
  ];
}
