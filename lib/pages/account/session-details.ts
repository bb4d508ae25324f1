import type { DescribedSession } from '../../session/described';
import type { Reader } from '../messages/reader';
import { deviceKind } from '../parts/device-kind';
import { html, type Html } from '../parts/html';
import { icon, iconDrawings } from '../parts/icon';
import { badges } from '../parts/session-card';
import { sessionFacts } from '../parts/session-facts';

/** The longest name that the form accepts, in characters. */
const LONGEST_NAME = 64;

/** A session with the parts that its page depends on. */
export interface SessionDetails {
  readonly described: DescribedSession;
  readonly reader: Reader;
  readonly base: string;
  readonly isCurrent: boolean;
  /** The sign-in method in the app's words, if the app knows it. */
  readonly method: string | undefined;
}

/** Returns all facts about a session, with forms that name and end it. */
export function sessionDetails({ described, reader, base, isCurrent, method }: SessionDetails): Html {
  const { session } = described;
  const { texts } = reader;
  const kind = deviceKind(described.device, session);
  return html`${iconDrawings()}
    <section class="eis-card">
      <p class="eis-kind">${icon(kind, texts.session.kinds[kind])} ${badges(described, isCurrent, reader)}</p>
      ${sessionFacts(described, reader, [[texts.session.facts.method, method]])}
    </section>
    <form class="eis-card eis-fields" method="post" action="${base}/sessions/${session.sessionId}/name">
      <label for="eis-name">${texts.session.name}</label>
      <input
        id="eis-name"
        name="name"
        value="${session.name}"
        dir="auto"
        maxlength="${LONGEST_NAME}"
        autocomplete="off"
        aria-describedby="eis-name-hint"
      />
      <p class="eis-quiet" id="eis-name-hint">${texts.session.nameHint}</p>
      <button class="eis-button">${texts.session.saveName}</button>
    </form>
    <form method="post" action="${base}/confirm">
      <button class="eis-button eis-danger" name="id" value="${session.sessionId}">
        ${texts.session.signOut}
      </button>
    </form>`;
}
