import type { Locator } from './location';

/** The members of geoip-lite that this file uses. */
interface GeoipLite {
  lookup(ipAddress: string): { readonly city?: string; readonly country?: string } | null;
}

/**
 * Returns a locator that uses the npm package geoip-lite. The first lookup loads the package with its data, about 100 MB. If
 * the package is not installed, every place is unknown. Its cities are approximate.
 */
export function geoipLite(): Locator {
  let load = (): GeoipLite | undefined => {
    // Also if it fails: a second attempt would read the files again and fail in the same way.
    load = () => geoip;
    return (geoip = installed());
  };
  let geoip: GeoipLite | undefined;
  return (ipAddress) => {
    const found = load()?.lookup(ipAddress);
    return found ? { city: found.city, country: found.country } : undefined;
  };
}

/** @throws Error if the package is installed but cannot be loaded, for example because it lacks its data */
function installed(): GeoipLite | undefined {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an optional dependency, loaded only if it is installed
    return require('geoip-lite') as GeoipLite;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw new Error(
      `The npm package geoip-lite cannot load its data, so all places are unknown: exclude it from your bundle (with esbuild: \`--external:geoip-lite\`), install it again, or set \`location: false\`. ${(cause as Error).message}`,
      { cause },
    );
  }
}
