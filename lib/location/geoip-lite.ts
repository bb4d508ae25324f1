import type { Locator } from './location';

/** The members of geoip-lite that this file uses. */
interface GeoipLite {
  lookup(ipAddress: string): { readonly city?: string; readonly country?: string } | null;
}

/**
 * Returns a locator that uses the npm package geoip-lite, or `undefined` if the package is not installed. The call loads
 * the package's data, about 100 MB. Its cities are approximate.
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
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an optional dependency, loaded only if it is installed
    return require('geoip-lite') as GeoipLite;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
