import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'maxmind';

import { memory } from '../../lib';
import { placeOf, unfailing } from '../../lib/location/location';
import { maxmind } from '../../lib/location/maxmind';
import { displayLocation } from '../../lib/session/i18n/messages';
import { managerOn } from '../support/manager';
import { mmdb } from '../support/mmdb';

const MUNICH = { city: { names: { en: 'Munich', de: 'München' } }, country: { iso_code: 'DE' } };
const FRANCE = { country: { iso_code: 'FR', names: { en: 'France' } } };

let folder: string;
let path: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'maxmind-'));
  path = file('city.mmdb', mmdb({ '81.2.69.0/24': MUNICH, '2001:db8:1::/48': FRANCE, '1.0.0.0/8': {} }));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: Buffer | string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

describe('maxmind()', () => {
  it('finds the country and the city with all its names in a file', async () => {
    const locate = await maxmind(path);
    expect(locate('81.2.69.142')).toEqual({
      city: 'Munich',
      cityNames: { en: 'Munich', de: 'München' },
      country: 'DE',
    });
    expect(locate('2001:db8:1::7')).toEqual({ country: 'FR' });
  });

  it.each(['81.2.70.1', '1.2.3.4', '2001:db8:2::1'])('finds no place for %s', async (address) => {
    expect((await maxmind(path))(address) ?? {}).toEqual({});
  });

  it('accepts a reader that the app has opened', async () => {
    const locate = await maxmind(await open(path));
    expect(locate('81.2.69.142')).toMatchObject({ city: 'Munich' });
  });

  it('returns a locator for the option `location` of the manager', async () => {
    const manager = managerOn({ store: memory(), location: await maxmind(path) });
    const { session } = await manager.open({ userId: 'alice', ipAddress: '81.2.69.142' });
    expect(manager.describe(session).place).toMatchObject({ city: 'Munich', country: 'DE' });
    await manager.close();
  });

  it('finds no place for an invalid address, in records of another form, and if the reader throws', async () => {
    expect(placeOf('no address', await maxmind(path))).toBeUndefined();
    for (const record of [5, 'Munich', null, [], { city: null, country: [] }, { city: { names: 5 } }]) {
      const place = placeOf('81.2.69.142', await maxmind({ get: () => record }));
      expect(displayLocation(place)).toBeUndefined();
    }
    const get = () => {
      throw new Error('the file was replaced by another kind of database');
    };
    const errors: unknown[] = [];
    const locate = unfailing(await maxmind({ get }), (error) => errors.push(error));
    expect(placeOf('81.2.69.142', locate)).toBeUndefined();
    expect(errors).toHaveLength(1);
  });

  it.each([
    ['that is missing', () => join(folder, 'none.mmdb'), 'ENOENT'],
    ['that is a folder', () => folder, 'EISDIR'],
    ['in another format', () => file('text.mmdb', 'Munich'), ''],
    ['that is empty', () => file('empty.mmdb', ''), ''],
    ['that is compressed', () => file('city.mmdb.gz', Buffer.from([0x1f, 0x8b, 8, 0])), 'gzip'],
  ])('rejects with a TypeError that names the file, for a file %s', async (_, pathOf, reason) => {
    const wrong = pathOf();
    const building = maxmind(wrong);
    await expect(building).rejects.toThrow(TypeError);
    await expect(building).rejects.toThrow(`"${wrong}" cannot be read: `);
    await expect(building).rejects.toThrow(reason);
  });

  it.each([undefined, null, {}, 5])('rejects for %p instead of a path or reader', async (nothing) => {
    await expect(maxmind(nothing as never)).rejects.toThrow(/write `await maxmind\("/);
  });

  it('says what to install if the package maxmind is missing', async () => {
    await jest.isolateModulesAsync(async () => {
      jest.doMock('maxmind', () => {
        throw Object.assign(new Error("Cannot find module 'maxmind'"), { code: 'MODULE_NOT_FOUND' });
      });
      await expect(maxmind(path)).rejects.toThrow('npm install maxmind');
    });
    jest.dontMock('maxmind');
  });
});
