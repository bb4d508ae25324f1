import { currentIpAddress, type DescribedSession } from '../../../lib';
import { displayLocation, displayName } from '../../../lib/session/i18n';
import { deviceIcon } from './device-icon';
import { html, type Content, type Html } from './html';

interface SessionList {
  readonly sessions: readonly DescribedSession[];
  /** The session that the page is shown in. */
  readonly currentId: string;
  /** Where the forms lead: `<path>/<id>/end`. */
  readonly path: string;
  /** Whose sessions they are, where the page shows those of several people. */
  readonly whose?: string;
}

/** Sessions, each with a button that ends it; the one in use comes first. */
export function sessionList({ sessions, currentId, path, whose }: SessionList): Html {
  const isCurrent = ({ session }: DescribedSession) => session.sessionId === currentId;
  const ordered = [...sessions.filter(isCurrent), ...sessions.filter((each) => !isCurrent(each))];
  const names = distinctNames(ordered);

  const item = (described: DescribedSession, at: number) => {
    const name = whose === undefined ? names[at] : `${names[at]}, ${whose}`;
    return html`<li class="card session">
      ${deviceIcon(described.device)}
      <div>
        <h3>${names[at]} ${isCurrent(described) && html`<span class="badge">This session</span>`}</h3>
        ${facts(described)}
      </div>
      <form method="post" action="${path}/${described.session.sessionId}/end">
        <button>Sign out<span class="visually-hidden"> ${name}</span></button>
      </form>
    </li>`;
  };
  return html`<ul class="sessions">
    ${ordered.map(item)}
  </ul>`;
}

/** The names of the devices, numbered where two are the same: every button has to say which session it ends. */
function distinctNames(sessions: readonly DescribedSession[]): readonly string[] {
  const names = sessions.map(({ device }) => displayName(device));
  return names.map((name, at) => {
    const before = names.slice(0, at).filter((other) => other === name).length;
    return before === 0 ? name : `${name} (${before + 1})`;
  });
}

function facts({ session, place, expires }: DescribedSession): Html {
  const where = [displayLocation(place), currentIpAddress(session)].filter(Boolean).join(', ');
  return html`
    <p>${where && `${where} · `}last used ${time(session.lastAccessed ?? session.signedIn)}</p>
    <details>
      <summary>Details</summary>
      <dl>
        ${fact('Signed in', time(session.signedIn))}
        ${fact('Stays signed in', session.staySignedIn ? 'yes' : 'no')}
        ${fact('Ends, if not used', time(expires))} ${fact('User agent', session.userAgent ?? 'none')}
      </dl>
    </details>
  `;
}

function fact(name: string, value: Content): Html {
  return html`<dt>${name}</dt>
    <dd>${value}</dd>`;
}

const words = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

/** In the time zone of nobody, as nobody tells a server theirs; `signed-in.js` says it in the reader's words. */
function time(milliseconds: number): Html {
  const date = new Date(milliseconds);
  return html`<time datetime="${date.toISOString()}">${words.format(date)} UTC</time>`;
}
