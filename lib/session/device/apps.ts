import { displayText } from '../text';

/** An app or a library that names itself in its user agent. */
export interface App {
  /** The name as the app writes it, such as `MyShop`. */
  readonly name: string;
  /** The major and minor version, or only the major version. Null if it is unknown. */
  readonly version: string | null;
}

/**
 * Returns the app that the user agent names: the first product, as in `MyShop/3.1 (iPhone; iOS 17.4)`. Programs that are
 * built on a browser name themselves among the browser's products. Returns undefined if no app is named.
 */
export function namedApp(userAgent: string): App | undefined {
  if (ONE_WORD.test(userAgent)) return { name: userAgent, version: null };
  const [, name, version] = FIRST_PRODUCT.exec(userAgent) ?? [];
  if (name === undefined) return undefined;
  return RUNTIMES.test(name) ? amongProducts(userAgent) : app(name, version);
}

/**
 * Returns the app that shows a page, if ua-parser-js found only the app's browser engine. A web view does not always name
 * its app.
 */
export function embeddingApp(engine: string, userAgent: string): App | undefined {
  switch (engine) {
    case 'Electron':
      return namedApp(userAgent);
    case 'WebKit':
    case 'Chrome WebView':
      return namedApp(userAgent) ?? UNNAMED_APP;
    default:
      return undefined;
  }
}

const UNNAMED_APP: App = { name: 'App', version: null };

/** For example `node`. */
const ONE_WORD = /^[A-Za-z][\w.-]{0,63}$/;

/** A name of up to four words, and a version. */
const FIRST_PRODUCT =
  /^(?=\p{L})((?:[\p{L}\p{N}_.%+-]{1,64} ){0,3}[\p{L}\p{N}_.%+-]{1,64})\/([^\s/;,()]{1,64})/u;

/** Products that every browser names, and runtimes that apps are built on. */
const RUNTIMES =
  /^(?:Mozilla|AppleWebKit|KHTML|Gecko|Chrome|CriOS|Chromium|HeadlessChrome|Firefox|Safari|Mobile|Version|Electron|Dalvik|Opera|OPR|Edge?|EdgA|EdgiOS|FxiOS)$/i;

function amongProducts(userAgent: string): App | undefined {
  for (const [, name = '', version] of userAgent.replace(COMMENT, ' ').matchAll(PRODUCT)) {
    if (!RUNTIMES.test(name)) return app(name, version);
  }
  return undefined;
}

const COMMENT = /\([^()]*\)/g;
const PRODUCT = /(?<=\s)(\p{L}[\p{L}\p{N}_.%+-]{0,63})\/([^\s/;,()]{1,64})/gu;

function app(name: string, version: string | undefined): App {
  return { name: displayText(decoded(name), 64), version: VERSION.exec(version ?? '')?.[1] ?? null };
}

const VERSION = /^v?(\d{1,8}(?:\.\d{1,5})?)(?!\d)/;

/** Apps of iOS write a space in their name as `%20`. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
