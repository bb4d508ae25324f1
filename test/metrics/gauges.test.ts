import type { Health } from '../../lib';
import { GAUGES } from '../../lib/metrics/gauges';

function valuesOf(health: Health): Record<string, number> {
  return Object.fromEntries(
    GAUGES.flatMap(({ name, read }) =>
      Array.from(read(health), ([value, number]) => [value === '' ? name : `${name} ${value}`, number]),
    ),
  );
}

describe('GAUGES', () => {
  it('show states as 0 or 1 and times in seconds', () => {
    const health: Health = {
      database: { available: false },
      changes: {
        trusted: true,
        paused: false,
        position: '1',
        age: 1_500,
        hints: [
          { name: 'listen', up: true, since: 0 },
          { name: 'redis', up: false, since: 0 },
        ],
      },
      touches: { pending: 3, oldest: 250 },
      cache: { size: 7 },
      cleanup: { lastSuccess: 60_000, failingSince: 90_000 },
    };
    expect(valuesOf(health)).toEqual({
      database_available: 0,
      trusted: 1,
      changes_paused: 0,
      changes_age_seconds: 1.5,
      'hint_up listen': 1,
      'hint_up redis': 0,
      touches_pending: 3,
      touches_oldest_seconds: 0.25,
      cache_size: 7,
      cleanup_last_success_timestamp_seconds: 60,
      cleanup_failing_since_timestamp_seconds: 90,
    });
  });

  it('have no values for unknown parts, so that an unknown state does not look like a failure', () => {
    expect(valuesOf({})).toEqual({});
    const changes = { trusted: false, paused: false, position: null, age: null, hints: [] };
    expect(valuesOf({ changes, cleanup: { lastSuccess: null, failingSince: null } })).toEqual({
      trusted: 0,
      changes_paused: 0,
    });
  });
});
