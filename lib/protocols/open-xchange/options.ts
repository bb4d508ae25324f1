import type { Clock } from '../../clock';
import { duration, flag, func, listOf, oneOf, text } from '../../options/checks';
import { type OptionTable, type OptionValues, readOptions } from '../../options/reader';
import type { Translations } from '../../session/i18n/translations';
import { describeOxDevice, deviceDescriber } from '../../session/device/describe';
import type { DescribeDevice } from '../../session/device/device';
import type { Duration } from '../../session/duration';

/** The part of a manager's `settings` that the wire of Open-Xchange needs. */
export interface OpenXchangeBasis {
  readonly cookies: { readonly ttl: number; readonly secure: boolean };
  readonly lifetimes: { readonly autologin: boolean };
  readonly nodeId: string | null;
  readonly translations: Translations;
  readonly clock: Clock;
}

/**
 * The options of the wire of Open-Xchange alone. `cookies.secure`, lifetimes, limits and the blacklist are options of the
 * manager. Names in brackets are the properties of Open-Xchange.
 */
export interface OpenXchangeOptions {
  /**
   * How the names of a client's cookies are found: `calculate`, the default, computes the hash from each request, so that
   * cookies are good for one user agent only; `remember` takes the one of the sign-in, for clients that change theirs.
   * [com.openexchange.cookie.hash]
   */
  readonly cookieHash?: 'calculate' | 'remember' | undefined;
  /** Headers whose values are hashed too; none by default, and those that a request leaves out are passed over. [com.openexchange.cookie.hash.fields] */
  readonly cookieHashFields?: readonly string[] | undefined;
  /**
   * Text that is hashed too, the same on all nodes: `replaceMe1234567890` by default, `''` for the names of version 6.
   * Another one makes all clients sign in again. [com.openexchange.cookie.hash.salt]
   */
  readonly cookieHashSalt?: string | undefined;
  /**
   * How long browsers keep the cookies of sessions that stay signed in: the manager's `cookies.ttl` by default;
   * `web-browser` until the browser ends. [com.openexchange.cookie.ttl]
   */
  readonly cookieTtl?: Duration | undefined;
  /** Whether cookies are out of reach of scripts; `true` by default. [com.openexchange.cookie.httpOnly] */
  readonly httpOnly?: boolean | undefined;
  /**
   * Whether clients are given a public-session cookie too, which names their session where a request cannot, as that for
   * an image: `sessionSecretGuard(manager, { dialect: dialect.forImages })` lets those in. `false` by default.
   */
  readonly publicSession?: boolean | undefined;
  /** Whether clients are given a `JSESSIONID` that ends in the manager's `nodeId`, for load balancers; `false` by default. */
  readonly stickyCookie?: boolean | undefined;
  /** The client of requests that name none; `open-xchange-appsuite` by default. [com.openexchange.ajax.login.http-auth.client] */
  readonly defaultClient?: string | undefined;
  /** Turns a user agent and a client into a device; `describeOxDevice` by default, which tells it as Open-Xchange does. */
  readonly describeDevice?: DescribeDevice | undefined;
}

const OPTIONS = {
  cookieHash: { default: 'calculate', check: oneOf('calculate', 'remember') },
  cookieHashFields: { default: [], check: listOf<string>(isHeaderName, 'names of headers') },
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

/** The options in force. `cookieHashFields` are in lower case. */
export interface OpenXchangeSettings extends Omit<
  OptionValues<typeof OPTIONS>,
  'cookieTtl' | 'describeDevice'
> {
  /** In milliseconds, or undefined for cookies that end with the browser's session. */
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
      if (stickyCookie && nodeId === null) {
        yield '`openXchange.stickyCookie` is true, and the node has no name: give the manager a `nodeId`';
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
