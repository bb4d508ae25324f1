import type { Place } from '../session/place';
import type { Locator } from './location';

/** A reader of the npm package maxmind, or any object with the same `get` method. */
export interface MaxmindReader {
  get(ipAddress: string): unknown;
}

/** The members of the npm package maxmind that this file uses. */
interface Maxmind {
  open(path: string): Promise<MaxmindReader>;
}

/**
 * Returns a locator that uses a city or country database in MaxMind's format, such as `GeoLite2-City.mmdb`.
 * @param database The path of the file, which the npm package maxmind reads into memory; or a reader that the app opened.
 * A reader can watch its file for updates.
 * @throws TypeError if the package is not installed, or if the file cannot be read
 */
export async function maxmind(database: string | MaxmindReader): Promise<Locator> {
  const reader = typeof database === 'string' ? await readerOf(database) : database;
  if (typeof reader?.get !== 'function') {
    throw new TypeError(
      '`maxmind` needs the path of a database or a reader: write `await maxmind("/path/to/GeoLite2-City.mmdb")`',
    );
  }
  return (ipAddress) => placeIn(reader.get(ipAddress));
}

async function readerOf(path: string): Promise<MaxmindReader> {
  const library = installed();
  try {
    return await library.open(path);
  } catch (cause) {
    throw new TypeError(`The location database "${path}" cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function installed(): Maxmind {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an optional dependency, loaded only if it is used
    return require('maxmind') as Maxmind;
  } catch (cause) {
    throw new TypeError('The npm package maxmind is not installed: run `npm install maxmind`', { cause });
  }
}

/** The fields that this file reads. Country databases have no `city`. */
interface MaxmindRecord {
  readonly city?: { readonly names?: { readonly en?: string } };
  readonly country?: { readonly iso_code?: string };
}

function placeIn(record: unknown): Place | undefined {
  if (typeof record !== 'object' || record === null) return undefined;
  const { city, country } = record as MaxmindRecord;
  return { city: city?.names?.en, cityNames: city?.names, country: country?.iso_code };
}
