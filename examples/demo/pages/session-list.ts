import { currentIpAddress, type DescribedSession } from '../../../lib';
import { displayLocation, displayName } from '../../../lib/session/i18n';
import { deviceIcon } from './device-icon';
import { html, type Content, type Html } from './html';

interface SessionList {
  readonly sessions: readonly DescribedSession[];
  /** The id of the session in which the page is shown. */
  readonly currentId: string;
  /** The base path of the forms: each one posts to `<path>/<id>/end`. */
  readonly path: string;
  /** The name of the owner, if the page shows the sessions of several users. */
  readonly userName?: string;
}

/** Lists sessions, the current one first. Each has a button that ends it. */
export function sessionList({ sessions, currentId, path, userName }: SessionList): Html {
  const isCurrent = ({ session }: DescribedSession) => session.sessionId === currentId;
  const ordered = [...sessions.filter(isCurrent), ...sessions.filter((each) => !isCurrent(each))];
  const names = distinctNames(ordered);

  const item = (described: DescribedSession, at: number) => {
    const label = userName === undefined ? names[at] : `${names[at]}, ${userName}`;
    return html`<li class="card session">
      ${deviceIcon(described.device)}
      <div>
        <h3>
          ${names[at]} ${isCurrent(described) && html`<span class="badge">This session</span>`}
          ${described.session.actor !== null && html`<span class="badge">Impersonation</span>`}
        </h3>
        ${facts(described)}
      </div>
      <form method="post" action="${path}/${described.session.sessionId}/end">
        <button>Sign out<span class="visually-hidden"> ${label}</span></button>
      </form>
    </li>`;
  };
  return html`<ul class="sessions">
    ${ordered.map(item)}
  </ul>`;
}

/** Returns the names of the devices. Equal names get a number, so that every button has its own label. */
function distinctNames(sessions: readonly DescribedSession[]): readonly string[] {
  const names = sessions.map(({ device }) => displayName(device));
  return names.map((name, at) => {
    const before = names.slice(0, at).filter((other) => other === name).length;
    return before === 0 ? name : `${name} (${before + 1})`;
  });
}

function facts({ session, place, expires }: DescribedSession): Html {
  const ipAddress = currentIpAddress(session);
  const location = displayLocation(place);
  const where = location !== undefined && ipAddress !== null ? `${location} (${ipAddress})` : ipAddress;
  return html`
    ${where && html`<p>${where}</p>`}
    <p>Last used ${time(session.lastAccessed ?? session.signedIn)}</p>
    <details>
      <summary>Details</summary>
      <dl>
        ${fact('Signed in', time(session.signedIn))}
        ${fact('Stays signed in', session.staySignedIn ? 'yes' : 'no')}
        ${fact('Expires if unused', time(expires))} ${fact('User agent', session.userAgent ?? 'unknown')}
      </dl>
    </details>
  `;
}

function fact(name: string, value: Content): Html {
  return html`<dt>${name}</dt>
    <dd>${value}</dd>`;
}

const dateFormat = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'short',
  timeZone: 'UTC',
});

/** Formats a time in UTC, because the server does not know the reader's time zone. `signed-in.js` makes it relative. */
function time(milliseconds: number): Html {
  const date = new Date(milliseconds);
  return html`<time datetime="${date.toISOString()}">${dateFormat.format(date)} UTC</time>`;
}
