/** One item of a standard, in the words of this project. */
export interface Item {
  /** As tests name it, such as `ASVS 7.4.1`. */
  readonly id: string;
  /** The level of ASVS, or the verb of NIST. */
  readonly level: string;
  readonly requirement: string;
  /** The part that this package does. Absent if it has none. */
  readonly done?: string;
  /** The part that remains for the app. Absent if nothing remains. */
  readonly left?: string;
}

/** A part of a standard, as a table of the page. */
export interface Chapter {
  readonly title: string;
  readonly items: readonly Item[];
}

type Row = readonly [id: string, level: string, requirement: string, done: string, left: string];

function chapter(title: string, prefix: string, rows: readonly Row[]): Chapter {
  return {
    title,
    items: rows.map(([id, level, requirement, done, left]) => ({
      id: `${prefix} ${id}`,
      level,
      requirement,
      ...(done !== '' && { done }),
      ...(left !== '' && { left }),
    })),
  };
}

export const V7 = chapter('ASVS 5.0, V7: session management', 'ASVS', [
  [
    '7.1.1',
    'L2',
    'The idle and absolute timeouts are documented, and deviations from NIST are justified.',
    'The presets have the limits of NIST. A longer time is refused when the manager is built.',
    'Without a preset, write down your times and the reason.',
  ],
  [
    '7.1.2',
    'L2',
    'The number of parallel sessions is documented, and what happens beyond it.',
    '[Options](options.md#sign-in-rules) limit sessions per user, client and device, and choose what happens.',
    'Choose the limits.',
  ],
  [
    '7.1.3',
    'L2',
    'Systems with sessions of the same users, such as an identity provider, and how the sessions end together, are documented.',
    '`authenticatedAt` and `authId` tie a session to that of an identity provider. `absoluteLifetime` counts from its authentication.',
    'List these systems. Call `manager.revoke` when the identity provider signs a user out.',
  ],
  ['7.2.1', 'L1', 'Only the backend verifies sessions.', 'Every request is verified on the server.', ''],
  [
    '7.2.2',
    'L1',
    'Session tokens are created for each session; there are no static secrets.',
    'Each sign-in creates an id and a secret. No option sets either secret.',
    '',
  ],
  [
    '7.2.3',
    'L1',
    'Tokens are unique and have at least 128 random bits.',
    'Secrets have 256 bits from the generator of Node.js (128 in the Open-Xchange protocol).',
    '',
  ],
  [
    '7.2.4',
    'L1',
    'A new token is created at each authentication, and the earlier one ends.',
    'A sign-in ends the earlier session. `createReauthentication` replaces the secret.',
    'Call one of them after each authentication.',
  ],
  [
    '7.3.1',
    'L2',
    'Sessions end after inactivity, as documented.',
    '`shortLifetime` and `longLifetime`; `asvs-l2` sets one hour.',
    '',
  ],
  [
    '7.3.2',
    'L2',
    'Sessions end after an absolute time, as documented.',
    '`absoluteLifetime` is off by default; `asvs-l2` sets 24 hours.',
    'Use a preset, or set the option.',
  ],
  [
    '7.4.1',
    'L1',
    'A session that was signed out or has expired cannot be used on the backend.',
    'The end is final in the database. Other nodes refuse the session within the lease.',
    '',
  ],
  [
    '7.4.2',
    'L1',
    'All sessions of a user end when the account is disabled or deleted.',
    '`manager.onCredentialChange` ends them and refuses sign-ins in progress. `administration.eraseUser` also deletes them.',
    'Call them.',
  ],
  [
    '7.4.3',
    'L2',
    'After a factor was changed or removed, the user can end all other sessions.',
    '`manager.onCredentialChange` ends them, also without a session to keep.',
    'Call it after each change, or offer it.',
  ],
  [
    '7.4.4',
    'L2',
    'A way to sign out is visible on every page behind the sign-in.',
    '`signOut`, the account page and its element.',
    'Link it on your pages.',
  ],
  [
    '7.4.5',
    'L2',
    'Administrators can end the sessions of one user and of all users.',
    '`manager.administration`, `adminPage` and `npx express-identity-sessions end`.',
    'Decide who may do it.',
  ],
  [
    '7.5.1',
    'L2',
    'The user is fully authenticated again before attributes change that matter for the sign-in, such as the mail address or a factor.',
    '`requireRecent` refuses an older authentication.',
    'Mount it before these routes, and authenticate the user.',
  ],
  [
    '7.5.2',
    'L2',
    'Users see their sessions and, after they are authenticated again, end any or all of them.',
    'REST, ABP and the pages require it with `recency`, which `asvs-l2` sets.',
    'Authenticate the user.',
  ],
  [
    '7.5.3',
    'L3',
    'Highly sensitive acts need a further authentication or a second check.',
    '`requireRecent` with `maxAge`, `acr` and `amr`.',
    'Mount it before these routes, and authenticate the user.',
  ],
  [
    '7.6.1',
    'L2',
    'Sessions of identity provider and app last and end as documented, also when the authentication there is too old.',
    '`absoluteLifetime` counts from `authenticatedAt`, also if it was before the sign-in.',
    'Pass `auth_time` to `signIn`.',
  ],
  [
    '7.6.2',
    'L2',
    'A session is created only with the consent or an explicit act of the user.',
    'Another site cannot start a sign-in. Autologin creates no session.',
    '',
  ],
]);

const V3 = chapter('ASVS 5.0, V3: web frontend security', 'ASVS', [
  [
    '3.1.1',
    'L3',
    'The security features that the app expects of browsers, and its behaviour without them, are documented.',
    '[REST](rest.md#cookie) describes cookies, prefixes and headers, and browsers without them.',
    'Document those of your pages.',
  ],
  [
    '3.2.1',
    'L1',
    'Browsers do not render answers in a wrong context, for example those of an API as pages.',
    'Answers have a type that browsers do not render, and `nosniff`.',
    'Other answers.',
  ],
  ['3.2.2', 'L1', 'Text is shown as text.', 'The pages escape every value by construction.', 'Your pages.'],
  [
    '3.2.3',
    'L3',
    'Pages are safe from DOM clobbering.',
    'The scripts of the pages are modules, and set nothing on `window` or `document`.',
    'Your pages.',
  ],
  [
    '3.3.1',
    'L1',
    'Cookies are `Secure`, with the prefix `__Host-` or `__Secure-`.',
    'All cookies have both.',
    '',
  ],
  [
    '3.3.2',
    'L2',
    'Cookies have a `SameSite` that fits their purpose.',
    '`Lax` by default, `Strict` by option.',
    '',
  ],
  [
    '3.3.3',
    'L2',
    'Cookies that are not shared with other hosts have the prefix `__Host-`.',
    'The prefix is `__Host-Http-`.',
    '',
  ],
  [
    '3.3.4',
    'L2',
    'Scripts cannot read cookies with session tokens, and only `Set-Cookie` carries these tokens.',
    'Cookies are `HttpOnly`, and no body contains the secret.',
    '',
  ],
  [
    '3.3.5',
    'L3',
    'Name and value of a cookie have at most 4,096 bytes.',
    'The cookie has less than 200 bytes.',
    '',
  ],
  [
    '3.4.1',
    'L1',
    'All answers have `Strict-Transport-Security`, for at least a year.',
    '',
    'Set it in the proxy, as [nginx](nginx.md) shows, or in the app.',
  ],
  [
    '3.4.2',
    'L1',
    'Cross-origin access is limited to known origins.',
    'The package sends no CORS headers.',
    'Configure `cors` with a list; see [single-page apps](single-page-apps.md).',
  ],
  ['3.4.3', 'L2', 'Pages have a Content-Security-Policy.', 'Those of this package have one.', 'Your pages.'],
  [
    '3.4.4',
    'L2',
    'All answers have `X-Content-Type-Options: nosniff`.',
    'Answers of REST and pages of this package have it.',
    'Other answers.',
  ],
  [
    '3.4.5',
    'L2',
    'A referrer policy keeps URLs private.',
    'Pages of this package have `same-origin`.',
    'Your pages.',
  ],
  [
    '3.4.6',
    'L2',
    'Other sites cannot frame pages.',
    'Pages of this package have `frame-ancestors`.',
    'Your pages.',
  ],
  [
    '3.4.7',
    'L3',
    'Violations of the policy are reported.',
    '',
    'Add a report address in the app or the proxy.',
  ],
  [
    '3.4.8',
    'L3',
    'Pages have a cross-origin opener policy.',
    'Pages of this package have `same-origin`.',
    'Your pages.',
  ],
  [
    '3.5.1',
    'L1',
    'Requests of other sites cannot act for the user.',
    'Guards and verbs check `Sec-Fetch-Site` and `Origin` of each write.',
    'Use `sameOrigin` for routes without a guard.',
  ],
  [
    '3.5.2',
    'L1',
    'If an app relies on preflights, no request without preflight reaches its functions.',
    'The check does not depend on preflights.',
    '',
  ],
  [
    '3.5.3',
    'L1',
    'Sensitive acts do not use safe methods, or check `Sec-Fetch-*`.',
    'Routes that act use `POST` and `DELETE`. Verbs check the origin with every method.',
    'Your routes.',
  ],
  ['3.5.4', 'L2', 'Separate apps have separate hosts.', '', 'Your deployment.'],
  ['3.5.5', 'L2', 'Messages between windows are checked.', 'The pages use none.', 'Your pages.'],
  ['3.5.6', 'L3', 'There is no JSONP.', 'No route returns a script.', 'Your routes.'],
  ['3.5.7', 'L3', 'Scripts contain no private data.', 'The scripts are static files.', 'Your scripts.'],
  [
    '3.5.8',
    'L3',
    'Other sites cannot embed private resources.',
    'Answers of REST and pages of this package have `Cross-Origin-Resource-Policy: same-origin`.',
    'Other answers.',
  ],
  [
    '3.6.1',
    'L3',
    'Assets of other hosts are static, versioned and pinned by their hash.',
    'The pages load files of their own origin only.',
    'Your pages.',
  ],
  [
    '3.7.1',
    'L2',
    'Only supported client technologies are used.',
    'HTML, CSS and modules. The policy of the pages forbids plugins.',
    'Your pages.',
  ],
  [
    '3.7.2',
    'L2',
    'Redirects lead to other hosts only if these are listed.',
    '`returnPath` returns paths of the own origin only.',
    'Your redirects.',
  ],
  ['3.7.3', 'L3', 'Users are told before they leave the site.', '', 'Your pages.'],
  ['3.7.4', 'L3', 'The domain is preloaded for HTTPS.', '', 'Your domain.'],
  [
    '3.7.5',
    'L3',
    'Browsers without a required feature are treated as documented.',
    'A write without `Sec-Fetch-Site` is checked by `Origin`.',
    'Your pages.',
  ],
]);

const NIST = chapter('NIST SP 800-63B-4, section 5: session management', 'NIST', [
  [
    '5.1 secret',
    'shall',
    'A session rests on a secret that the host issued at the authentication and that has at least 64 random bits.',
    'Secrets have 256 bits, and only their hashes are stored.',
    '',
  ],
  [
    '5.1 remember',
    'shall not',
    'A feature that remembers a browser does not replace the authentication, except within the overall timeout at AAL2.',
    'With a preset, autologin continues no session after the idle timeout. The device cookie opens none.',
    'Without a preset, set `shortLifetime` and `longLifetime` to your idle timeout.',
  ],
  [
    '5.1 limits',
    'shall',
    'The limits of sessions hold although the secret is presented.',
    'The server checks them at each request.',
    '',
  ],
  [
    '5.1 end',
    'shall',
    'The secret is invalid after the sign-out and after the timeouts.',
    'The server checks both at each request.',
    '',
  ],
  [
    '5.1 restart',
    'should not',
    'The secret survives no restart of the client.',
    'Without `staySignedIn` the cookie ends with the browser.',
    'Offer `staySignedIn` only as a choice.',
  ],
  [
    '5.1 channel',
    'shall',
    'Secrets are sent over authenticated protected channels only.',
    'Cookies are `Secure`. The option for plain HTTP is refused in production.',
    'Serve the app over HTTPS only.',
  ],
  [
    '5.1 fallback',
    'shall not',
    'Authenticated sessions do not fall back to plain HTTP.',
    'Browsers do not send the cookie over plain HTTP.',
    'Redirect plain HTTP, and send `Strict-Transport-Security`.',
  ],
  [
    '5.1 intermediaries',
    'shall',
    'Secrets are unavailable to intermediaries.',
    'They are in no URL and no body, and answers that set them are kept from shared caches.',
    'End TLS at a proxy that you operate.',
  ],
  [
    '5.1 erasure',
    'should',
    'Clients erase the secret at the sign-out and when it has expired.',
    'The sign-out clears the cookie, and `clearSiteData` also other data. Cookies that stay have a `Max-Age`.',
    'Delete bearer tokens in native apps.',
  ],
  [
    '5.1 storage',
    'should not',
    'Secrets are in no storage that scripts can read.',
    'The cookie is `HttpOnly`.',
    'Keep bearer tokens of native apps in the storage of the system.',
  ],
  [
    '5.1 forgery',
    'shall',
    'The content of writes contains an identifier of the session, which is verified against forgery.',
    'Writes of other sites are refused by `Sec-Fetch-Site` and `Origin`. That reaches the aim, but not by an identifier in the content.',
    'Document the deviation, or add an identifier to your forms.',
  ],
  [
    '5.1 assurance',
    'shall not',
    'A session has no higher assurance than its authentication, and should have the same.',
    '`acr` and `amr` change only by an authentication. A copy of an earlier secret never gets the higher assurance.',
    'Pass them to `signIn`, and call `lowerAssurance` after a factor was removed.',
  ],
  [
    '5.1 sign-out',
    'should',
    'Users can sign out easily.',
    '`signOut` and the account page.',
    'Link it on your pages.',
  ],
  [
    '5.1.1 attributes',
    'shall',
    'Cookies are `Secure` and belong to as few hosts and paths as possible.',
    'The prefix ties the cookie to one host.',
    '',
  ],
  [
    '5.1.1 further',
    'should',
    'Cookies are `HttpOnly`, `SameSite`, opaque, have the prefix `__Host-` and `Path=/`, and end with the session.',
    'All of it, with the prefix `__Host-Http-`.',
    '',
  ],
  [
    '5.1.1 personal',
    'shall not',
    'Cookies contain no personal information in clear text.',
    'The cookie consists of a random id and a random secret.',
    '',
  ],
  [
    '5.1.1 expiry',
    'shall not',
    'Timeouts do not depend on the expiry of cookies.',
    'The server enforces them.',
    '',
  ],
  [
    '5.1.2 tokens',
    'shall not',
    'An access token is not taken as a sign that the user is present.',
    '`requireRecent` judges by the time of the authentication, never by a token.',
    'Pass the time of the identity provider, `auth_time`.',
  ],
  [
    '5.2',
    'shall',
    'Sessions end after the idle and the overall timeout. Activity renews the first, and an authentication both.',
    'The presets have the limits of each level. `createReauthentication` renews both.',
    'Authenticate the user.',
  ],
  [
    '5.2 plan',
    'shall',
    'The timeouts are documented in the security plan.',
    'This page lists those of the presets.',
    'Write down yours.',
  ],
  [
    '5.2 warning',
    'may',
    'Users are warned before their session ends.',
    '`GET /session` states the end as `expires`, and is no use of the session.',
    'Warn them.',
  ],
  [
    '5.3',
    'may',
    'Sessions are monitored for signs of theft.',
    '[Signals](signals.md), [ipCheck](options.md#addresses-and-places), [new devices](unknown-sign-ins.md#new-devices) and the [trail](trail.md).',
    'Decide in `onSignal` what to do.',
  ],
  [
    '5.3 action',
    'should',
    'After a sign of theft, the session is ended, the user is authenticated again, or support is told.',
    'A reused secret ends the session, and `onTheft` reports it. `manager.lowerAssurance` requires another authentication.',
    'Tell the user.',
  ],
  [
    '5.3 privacy',
    'shall',
    'The characteristics that are monitored are part of the privacy assessment.',
    '',
    'Assess them. [Guarantees](guarantees.md#stored-personal-data) list what is stored.',
  ],
]);

export const CHAPTERS: readonly Chapter[] = [V7, V3, NIST];
