import { isText } from './checks';

/** Schemes whose pages never have an origin of their own, or that are not for pages. */
const WITHOUT_ORIGIN = new Set(['about', 'blob', 'data', 'file', 'ftp', 'javascript', 'ws', 'wss']);

const ORIGIN = /^([a-z][a-z\d+.-]*):\/\/[^/?#\s\\@]+(?=[/?#]|$)/i;

const EXAMPLE = 'such as "https://www.example.com"';

/**
 * Checks a list of origins, which must have the form of the header `Origin`, because they are compared with it exactly.
 * Accepts schemes of apps and extensions, such as `capacitor://localhost`.
 * @throws TypeError that shows the right form, because an origin in another form would never match
 */
export function originList(given: unknown): readonly string[] {
  if (!Array.isArray(given) || !given.every(isText))
    throw new TypeError(`it must be a list of origins, ${EXAMPLE}`);
  for (const origin of given) checkForm(origin);
  return given;
}

function checkForm(given: string): void {
  const written = JSON.stringify(given);
  if (given === 'null') {
    throw new TypeError('browsers send "null" for pages of any site: leave it out');
  }
  if (given.includes('*')) throw new TypeError(`${written} contains "*": list each origin, ${EXAMPLE}`);
  const sent = formInHeader(given);
  if (sent === undefined)
    throw new TypeError(`${written} is not the origin of a page: write scheme and host, ${EXAMPLE}`);
  if (sent !== given) throw new TypeError(`browsers never send ${written}: write ${JSON.stringify(sent)}`);
}

/** Returns the origin as a browser sends it in the header, or undefined if no page has such an origin. */
function formInHeader(given: string): string | undefined {
  const [origin, scheme] = ORIGIN.exec(given) ?? [];
  if (origin === undefined || scheme === undefined) return undefined;
  const lowered = scheme.toLowerCase();
  if (WITHOUT_ORIGIN.has(lowered)) return undefined;
  // `URL` knows the origins of these two schemes only. For others it returns "null".
  if (lowered === 'http' || lowered === 'https')
    return URL.canParse(origin) ? new URL(origin).origin : undefined;
  return lowered + origin.slice(scheme.length);
}
