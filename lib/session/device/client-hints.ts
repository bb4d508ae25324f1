import type { IncomingMessage } from 'node:http';

/**
 * The client hints of a sign-in: what a browser states about itself and its device in separate headers. Chromium sends them,
 * some of them only on request. Members are missing if the browser did not send them.
 */
export interface ClientHints {
  /** The operating system, such as `Windows` or `macOS`. */
  readonly platform?: string;
  /** The version of the operating system. Windows 11 has versions from 13, such as `15.0.0`. */
  readonly platformVersion?: string;
  /** The model of a phone or tablet, such as `Pixel 9`. */
  readonly model?: string;
  /** True if the browser prefers pages for phones. */
  readonly mobile?: boolean;
  /** The names of the browser, without `Chromium`, which all of these browsers have. */
  readonly brands?: readonly { readonly name: string; readonly version: string }[];
}

type Brand = NonNullable<ClientHints['brands']>[number];

/** The hints that browsers send only on request. */
export const REQUESTED_HINTS = 'Sec-CH-UA-Platform-Version, Sec-CH-UA-Model, Sec-CH-UA-Full-Version-List';

/**
 * Returns the client hints of a request, or null if it has none. Values that are malformed or too long are ignored, because
 * hints only describe the device.
 */
export function clientHintsOf({ headers }: Pick<IncomingMessage, 'headers'>): ClientHints | null {
  const header = (name: string) => shortHeader(headers[name]);
  return checkedClientHints({
    platform: stringIn(header('sec-ch-ua-platform')),
    platformVersion: stringIn(header('sec-ch-ua-platform-version')),
    model: stringIn(header('sec-ch-ua-model')),
    mobile: booleanIn(header('sec-ch-ua-mobile')),
    brands: brandsIn(header('sec-ch-ua-full-version-list') ?? header('sec-ch-ua')),
  });
}

/** Returns a frozen copy with the valid members, or null if no member is valid. The app can pass hints of its own. */
export function checkedClientHints(given: unknown): ClientHints | null {
  const hints = (given ?? {}) as Readonly<Record<keyof ClientHints, unknown>>;
  const brands = Array.isArray(hints.brands) ? hints.brands.filter(isBrand).slice(0, MOST_BRANDS) : [];
  const checked = {
    ...(isName(hints.platform) && hints.platform !== 'Unknown' && { platform: hints.platform }),
    ...(isName(hints.platformVersion) && { platformVersion: hints.platformVersion }),
    ...(isName(hints.model) && { model: hints.model }),
    ...(typeof hints.mobile === 'boolean' && { mobile: hints.mobile }),
    ...(brands.length > 0 && {
      brands: Object.freeze(brands.map(({ name, version }) => Object.freeze({ name, version }))),
    }),
  };
  return Object.keys(checked).length === 0 ? null : Object.freeze(checked);
}

const LONGEST_HEADER = 512;
const MOST_BRANDS = 4;

/** The characters of a string in a structured header (RFC 9651): printable ASCII. */
function isName(value: unknown): value is string {
  return typeof value === 'string' && /^[ -~]{1,64}$/.test(value);
}

/** Chromium adds a brand such as `Not)A;Brand`, so that sites do not rely on a fixed list. */
function isBrand(value: unknown): value is Brand {
  const { name, version } = (value ?? {}) as Partial<Brand>;
  return isName(name) && isName(version) && !/^(?:notabrand|chromium)$/i.test(name.replace(/[^a-z]/gi, ''));
}

function shortHeader(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' && value.length <= LONGEST_HEADER ? value : undefined;
}

function booleanIn(header: string | undefined): boolean | undefined {
  return header === '?1' ? true : header === '?0' ? false : undefined;
}

function stringIn(header: string | undefined): string | undefined {
  const quoted = STRING.exec(header ?? '')?.[1];
  return quoted === undefined ? undefined : unescaped(quoted);
}

function brandsIn(header: string | undefined): Brand[] {
  return [...(header ?? '').matchAll(BRAND)].map(([, name = '', version = '']) => ({
    name: unescaped(name),
    version: unescaped(version),
  }));
}

const STRING = /^"((?:[^"\\]|\\["\\])*)"$/;
const BRAND = /"((?:[^"\\]|\\["\\])*)";\s*v="((?:[^"\\]|\\["\\])*)"/g;

function unescaped(quoted: string): string {
  return quoted.replace(/\\(["\\])/g, '$1');
}
