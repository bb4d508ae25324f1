import type { Place } from '../session/place';
import type { Locator } from './location';

/** What finds the record of an address: a reader of the npm package maxmind, or anything like it. */
export interface MaxmindReader {
  get(ipAddress: string): unknown;
}

/** The part of the npm package maxmind that is used here. */
interface Maxmind {
  open(path: string): Promise<MaxmindReader>;
}

/**
 * A locator on a database of cities or countries in the form of MaxMind, such as `GeoLite2-City.mmdb`: on your own file,
 * which is read by the npm package maxmind and kept in memory, or on a reader that you have opened, which may watch its
 * file for updates.
 * @throws TypeError when the package is not installed, or the file cannot be read
 */
export async function maxmind(database: string | MaxmindReader): Promise<Locator> {
  const reader = typeof database === 'string' ? await readerOf(database) : database;
  if (typeof reader?.get !== 'function') {
    throw new TypeError('`maxmind` needs a database: write `await maxmind("/path/to/GeoLite2-City.mmdb")`');
  }
  return (ipAddress) => placeIn(reader.get(ipAddress));
}

async function readerOf(path: string): Promise<MaxmindReader> {
  const library = installed();
  try {
    return await library.open(path);
  } catch (cause) {
    throw new TypeError(`the database of places "${path}" cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function installed(): Maxmind {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- only who has the package pays for it
    return require('maxmind') as Maxmind;
  } catch (cause) {
    throw new TypeError('the npm package maxmind reads such databases: run `npm install maxmind`', { cause });
  }
}

/** What the databases of cities and those of countries have in common. */
interface MaxmindRecord {
  readonly city?: { readonly names?: { readonly en?: string } };
  readonly country?: { readonly iso_code?: string };
}

function placeIn(record: unknown): Place | undefined {
  if (typeof record !== 'object' || record === null) return undefined;
  const { city, country } = record as MaxmindRecord;
  return { city: city?.names?.en, cityNames: city?.names, country: country?.iso_code };
}
