import type { ClientHints } from './client-hints';

/** A browser, as read from a user agent. */
export interface Browser {
  /** A family for which user interfaces have a picture, or `unknown`. */
  readonly family: string;
  /** The name, such as `Internet Explorer`. */
  readonly name: string;
  /** The major version, or null if it is unknown. */
  readonly version: string | null;
}

/**
 * Converts the result of ua-parser-js. Families have the names that Open-Xchange uses. Returns undefined if the program
 * is not a browser.
 */
export function browser(
  name: string | undefined,
  major: string | undefined,
  userAgent: string,
): Browser | undefined {
  // A program that calls itself only "Mozilla" is a mail program or a robot.
  if (!name || /^mozilla$/i.test(name)) return undefined;
  // Edge before Chromium. Its version was the version of Windows.
  if (/^(?:chrome|edge)$/i.test(name) && userAgent.includes('Edge')) {
    return { family: 'edge', name: 'Edge', version: null };
  }
  const version = /^\d{1,8}$/.exec(major ?? '')?.[0] ?? null;
  if (/^ie$/i.test(name)) return { family: 'msie', name: 'Internet Explorer', version };
  return { family: family(name.toLowerCase()), name, version };
}

/**
 * Returns the name of a browser whose user agent is that of Chrome, from its client hints: Brave, for example. Returns
 * undefined for all other browsers.
 */
export function hintedBrowser(
  { name, version }: Browser,
  { brands = [] }: ClientHints,
): Pick<Browser, 'name' | 'version'> | undefined {
  if (name !== 'Chrome' || brands.some((each) => each.name === 'Google Chrome')) return undefined;
  const [brand] = brands;
  return brand && { name: brand.name, version: /^\d{1,8}/.exec(brand.version)?.[0] ?? version };
}

/** Variants such as `Opera Mini` and `Chrome WebView` belong to the family. `Mobile Safari` has no family. */
const FAMILIES = ['chrome', 'chromium', 'firefox', 'opera', 'safari', 'edge'];

function family(name: string): string {
  return FAMILIES.find((each) => name === each || name.startsWith(`${each} `)) ?? 'unknown';
}
