import type { Clock } from '../../clock';
import { duration, flag, func, listOf, oneOf, text } from '../../options/checks';
import { type OptionTable, type OptionValues, readOptions } from '../../options/reader';
import type { Translations } from '../../session/i18n/translations';
import { describeOxDevice, deviceDescriber } from '../../session/device/describe';
import type { DescribeDevice } from '../../session/device/device';
import type { Duration } from '../../session/duration';
import type { Generation } from './generation';

/** The part of a manager's `settings` that the dialect needs. */
export interface OpenXchangeBasis {
  readonly cookies: {
    readonly ttl: number;
    readonly secure: boolean;
    readonly sameSite: 'lax' | 'strict' | 'none';
  };
  readonly lifetimes: { readonly autologin: boolean };
  readonly nodeId: string | null;
  readonly translations: Translations;
  readonly clock: Clock;
}

/**
 * The options of the Open-Xchange protocol. `cookies.secure`, lifetimes, limits and the client blacklist are options of the
 * manager. Names in brackets are the properties of an Open-Xchange server.
 */
export interface OpenXchangeOptions {
  /**
   * The generation of Open-Xchange that the clients expect. Default: `6`.
   * - `6`: 6.20 to 7.10.2. The action `store` sets the session cookie. A missing parameter `staySignedIn` means `true`.
   * - `7.10.3`: sign-ins set the session cookie, and `store` does nothing. A missing `staySignedIn` means `false`. Answers have
   *   the content type `application/json`. Attributes of cookies start with capitals.
   * - `8`: as `7.10.3`, but a changed address is reported as `SES-0203`, like an expired session.
   *
   * In every generation, a login with the parameter `staySignedIn` sets the session cookie.
   */
  readonly generation?: Generation | undefined;
  /**
   * The source of the hash in cookie names. Default: `calculate`. [com.openexchange.cookie.hash]
   * - `calculate`: the hash is computed from each request, so that cookies are valid for one user agent only.
   * - `remember`: the hash of the sign-in is used, for clients that change their user agent.
   */
  readonly cookieHash?: 'calculate' | 'remember' | undefined;
  /**
   * Names of headers whose values are part of the hash. Default: `[]`. Headers that a request does not contain are skipped.
   * [com.openexchange.cookie.hash.fields]
   */
  readonly cookieHashFields?: readonly string[] | undefined;
  /**
   * Text that is part of the hash. It must be the same on all nodes. Default: `replaceMe1234567890`; `''` produces the cookie
   * names of version 6. After a change, all clients must sign in again. [com.openexchange.cookie.hash.salt]
   */
  readonly cookieHashSalt?: string | undefined;
  /**
   * The lifetime of cookies for sessions that stay signed in. With `web-browser`, cookies end with the browser session.
   * Default: the manager's `cookies.ttl`. [com.openexchange.cookie.ttl]
   */
  readonly cookieTtl?: Duration | undefined;
  /** If true, scripts cannot read the cookies. Default: `true`. [com.openexchange.cookie.httpOnly] */
  readonly httpOnly?: boolean | undefined;
  /**
   * If true, clients also receive a public-session cookie. It contains the session id for requests without the parameter
   * `session`, such as those for images. Guard them with `sessionSecretGuard(manager, { dialect: dialect.forImages })`.
   * Default: `false`.
   */
  readonly publicSession?: boolean | undefined;
  /**
   * If true, clients receive a cookie `JSESSIONID` for load balancers. Its value ends with the manager's `nodeId`, which is
   * then required. Default: `false`.
   */
  readonly stickyCookie?: boolean | undefined;
  /**
   * The client id for requests without the parameter `client`. Default: `open-xchange-appsuite`.
   * [com.openexchange.ajax.login.http-auth.client]
   */
  readonly defaultClient?: string | undefined;
  /**
   * Converts a user agent, a client id and client hints to a device. Default: `describeOxDevice`, the conversion of
   * Open-Xchange.
   */
  readonly describeDevice?: DescribeDevice | undefined;
}

const OPTIONS = {
  generation: { default: '6', check: oneOf<Generation>('6', '7.10.3', '8') },
  cookieHash: { default: 'calculate', check: oneOf('calculate', 'remember') },
  cookieHashFields: { default: [], check: listOf<string>(isHeaderName, 'names of HTTP headers') },
  cookieHashSalt: { default: 'replaceMe1234567890', check: text(/^[^]*$/, 'text') },
  cookieTtl: { check: cookieTtl },
  httpOnly: { default: true, check: flag },
  publicSession: { default: false, check: flag },
  stickyCookie: { default: false, check: flag },
  defaultClient: {
    default: 'open-xchange-appsuite',
    check: text(/^.{1,64}$/u, 'text of 1 to 64 characters'),
  },
  describeDevice: { check: func<DescribeDevice>() },
} satisfies OptionTable<OpenXchangeOptions>;

/** The options of the protocol with their defaults filled in. `cookieHashFields` are in lower case. */
export interface OpenXchangeSettings extends Omit<
  OptionValues<typeof OPTIONS>,
  'cookieTtl' | 'describeDevice'
> {
  /** In milliseconds, or undefined for cookies that end with the browser session. */
  readonly cookieTtl: number | undefined;
  readonly describeDevice: DescribeDevice;
}

/**
 * Checks the options and fills in the defaults.
 * @throws TypeError that lists every problem at once
 */
export function openXchangeSettings(
  options: OpenXchangeOptions,
  { cookies, nodeId }: Pick<OpenXchangeBasis, 'cookies' | 'nodeId'>,
): OpenXchangeSettings {
  const values = readOptions(options, OPTIONS, {
    heading: 'These options cannot be used',
    prefix: 'openXchange.',
    *contradictions({ stickyCookie }) {
      if (cookies.sameSite === 'none') {
        yield (
          '`cookies.sameSite` of the manager is "none", but clients of this protocol log in and out by `GET`, which any site ' +
          'could then send with the cookies: create another manager for this protocol, without `cookies.sameSite`'
        );
      }
      if (stickyCookie && nodeId === null) {
        yield '`openXchange.stickyCookie` is true, but the node has no name: set the option `nodeId` of the manager';
      }
    },
  });
  const { cookieTtl = cookies.ttl } = values;
  return {
    ...values,
    cookieHashFields: values.cookieHashFields.map((name) => name.toLowerCase()),
    cookieTtl: cookieTtl === 'web-browser' ? undefined : cookieTtl,
    describeDevice: deviceDescriber(values.describeDevice, describeOxDevice),
  };
}

function cookieTtl(given: unknown): number | 'web-browser' {
  return given === 'web-browser' ? given : duration(1000)(given);
}

function isHeaderName(value: unknown): boolean {
  return typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value);
}
