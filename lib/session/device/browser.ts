/** A browser, as a user agent tells it. */
export interface Browser {
  /** One of the families that user interfaces have a picture for, or `unknown`. */
  readonly family: string;
  /** `Internet Explorer` */
  readonly name: string;
  /** The major version. */
  readonly version: string | null;
}

/** What ua-parser-js found, by the names of Open-Xchange; undefined for what is no browser. */
export function browser(
  name: string | undefined,
  major: string | undefined,
  userAgent: string,
): Browser | undefined {
  // A program that says no more of itself than "Mozilla" is a mail program or a robot.
  if (!name || /^mozilla$/i.test(name)) return undefined;
  // The Edge before Chromium, whose version was that of Windows.
  if (/^(?:chrome|edge)$/i.test(name) && userAgent.includes('Edge')) {
    return { family: 'edge', name: 'Edge', version: null };
  }
  const version = /^\d{1,8}$/.exec(major ?? '')?.[0] ?? null;
  if (/^ie$/i.test(name)) return { family: 'msie', name: 'Internet Explorer', version };
  return { family: family(name.toLowerCase()), name, version };
}

/** The others have variants: `Opera Mini`, `Chrome WebView`. Safari's is called `Mobile Safari`, and has no family. */
const FAMILIES = ['chrome', 'chromium', 'firefox', 'opera', 'safari', 'edge'];

function family(name: string): string {
  return FAMILIES.find((each) => name === each || name.startsWith(`${each} `)) ?? 'unknown';
}
