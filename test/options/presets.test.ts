import { createIdentitySessionManager, memory, type IdentitySessionOptions } from '../../lib';
import { beyondPreset, PRESET_NAMES, PRESETS, withPreset, type Preset } from '../../lib/options/presets';
import { settingsOf } from '../../lib/options/settings';
import { satisfies } from '../support/compliance';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const settings = (options: Partial<IdentitySessionOptions>) => settingsOf({ store: memory(), ...options });

describe('a preset', () => {
  it.each<[Preset, number, number, number, number | false]>([
    ['nist-aal1', HOUR, 7 * DAY, 30 * DAY, false],
    ['nist-aal2', HOUR, HOUR, DAY, HOUR],
    ['nist-aal3', 15 * MINUTE, 15 * MINUTE, 12 * HOUR, 15 * MINUTE],
    ['asvs-l1', HOUR, 7 * DAY, 30 * DAY, false],
    ['asvs-l2', HOUR, HOUR, DAY, HOUR],
    ['asvs-l3', 15 * MINUTE, 15 * MINUTE, 12 * HOUR, 15 * MINUTE],
  ])(
    satisfies(
      'sets idle, absolute and recency limits: %s',
      'ASVS 7.1.1',
      'ASVS 7.3.1',
      'ASVS 7.3.2',
      'NIST 5.2',
      'NIST 5.2 plan',
    ),
    (preset, short, long, absolute, recency) => {
      const { lifetimes, recency: set, cookies } = settings({ preset });
      expect({ ...lifetimes, recency: set }).toEqual({ short, long, absolute, autologin: true, recency });
      expect(cookies.ttl).toBe(long);
    },
  );

  it('is off by default, so that there is no absolute timeout', () => {
    const { lifetimes, recency } = settings({ preset: undefined });
    expect(lifetimes).toEqual({ short: HOUR, long: 7 * DAY, absolute: Infinity, autologin: true });
    expect(recency).toBe(false);
  });

  it.each<[Partial<IdentitySessionOptions>, string]>([
    [{ absoluteLifetime: false }, '`absoluteLifetime` is false for the preset "asvs-l2": give at most "24H"'],
    [{ absoluteLifetime: '25H' }, '`absoluteLifetime` (90000000 ms) is too long for the preset "asvs-l2"'],
    [{ shortLifetime: '2H', longLifetime: '2H' }, '`shortLifetime` (7200000 ms) is too long'],
    [{ longLifetime: '1W' }, '`longLifetime` (604800000 ms) is too long'],
    [{ recency: false }, '`recency` is false for the preset "asvs-l2"'],
    [{ recency: '2H' }, '(ASVS 5.0, 7.5.1 and 7.5.2)'],
  ])(
    satisfies('refuses the contradicting options %j and names the clause', 'ASVS 7.1.1'),
    (options, problem) => {
      const build = () => createIdentitySessionManager({ store: memory(), preset: 'asvs-l2', ...options });
      expect(build).toThrow(TypeError);
      expect(build).toThrow(problem);
      expect(build).toThrow(/\(.*(ASVS 5\.0|NIST SP 800-63B)/);
    },
  );

  it('accepts shorter times, and keeps those that are not given', () => {
    const { lifetimes, recency } = settings({
      preset: 'nist-aal2',
      shortLifetime: '30M',
      absoluteLifetime: '8H',
      recency: undefined,
    });
    expect(lifetimes).toMatchObject({ short: 30 * MINUTE, long: HOUR, absolute: 8 * HOUR });
    expect(recency).toBe(HOUR);
  });

  it('lets options choose what its standard does not limit', () => {
    const { lifetimes, recency } = settings({ preset: 'nist-aal1', longLifetime: '20D', recency: '2H' });
    expect([lifetimes.long, recency]).toEqual([20 * DAY, 2 * HOUR]);
  });

  it.each(['nist-aal4', 'ASVS-L2', '', 2, {}, '__proto__', 'toString'])(
    'is refused if its name is %j',
    (preset) => {
      expect(() => settings({ preset: preset as never })).toThrow(
        /`preset` is .*: it must be "nist-aal1" or/,
      );
    },
  );
});

describe('PRESETS, withPreset and beyondPreset', () => {
  it('never exceed their own limits', () => {
    for (const preset of PRESET_NAMES) {
      expect(PRESETS[preset].absolute.clause).toMatch(/NIST SP 800-63B/);
      const { shortLifetime, longLifetime, absoluteLifetime, recency } = settings({ preset });
      const values = { preset, shortLifetime, longLifetime, absoluteLifetime, recency };
      expect([...beyondPreset(values)]).toEqual([]);
    }
  });

  it('return the options themselves without a preset', () => {
    const options = { lease: 0 };
    expect(withPreset<IdentitySessionOptions>(options)).toBe(options);
  });
});
