import type { Locator } from './location';

/** The part of geoip-lite that is used here. */
interface GeoipLite {
  lookup(ipAddress: string): { readonly city?: string; readonly country?: string } | null;
}

/**
 * A locator on the npm package geoip-lite, or undefined when the app has not installed it. Its data is loaded here,
 * about 100 MB of it; the towns it names are a hint.
 */
export function geoipLite(): Locator | undefined {
  const geoip = installed();
  return (
    geoip &&
    ((ipAddress) => {
      const found = geoip.lookup(ipAddress);
      return found === null ? undefined : { city: found.city, country: found.country };
    })
  );
}

function installed(): GeoipLite | undefined {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- only who has the package pays for it
    return require('geoip-lite') as GeoipLite;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
