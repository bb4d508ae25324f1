import type { SessionEvent } from '../../lib';
import { EventCounters } from '../../lib/metrics/counters';

const session = { sessionId: 'id', tenantId: null, userId: 'alice', clientId: null, authId: null };

/** Returns the counts that are not 0 after the events. */
function countsAfter(...events: SessionEvent[]): Record<string, number> {
  const counters = new EventCounters(() => undefined);
  for (const event of events) counters.count(event);
  const counts = counters
    .read()
    .flatMap(({ name, counts }) =>
      Array.from(counts, ([value, count]) => [value === '' ? name : `${name} ${value}`, count] as const),
    );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

describe('EventCounters', () => {
  it.each<[SessionEvent, string]>([
    [{ type: 'added', session }, 'signins_total opened'],
    [{ type: 'touched', session }, 'guard_total accepted'],
    [{ type: 'refused', code: 'ip-changed', ipAddress: null }, 'guard_total ip-changed'],
    [{ type: 'refused', code: 'store-unavailable', ipAddress: null }, 'guard_total store-unavailable'],
    [
      { type: 'refused', code: 'store-unavailable', owner: session, ipAddress: null },
      'signins_total store-unavailable',
    ],
    [{ type: 'ended', session, reason: 'displaced', by: null }, 'ended_total displaced'],
    [{ type: 'everything-ended', by: null }, 'everything_ended_total'],
    [{ type: 'hibernated', session }, 'hibernated_total'],
    [{ type: 'reactivated', session }, 'reactivated_total'],
    [
      {
        type: 'signal',
        signal: 'address-changed',
        session,
        before: '192.0.2.1',
        after: '192.0.2.2',
        ipAddress: '192.0.2.2',
        userAgent: null,
        count: 1,
      },
      'signals_total address-changed',
    ],
    [{ type: 'failed', task: 'touches', error: new Error('No.') }, 'failures_total touches'],
  ])('counts %j once, as %s', (event, counted) => {
    expect(countsAfter(event)).toEqual({ [counted]: 1 });
  });

  it('adds up the sessions that cleanup deleted', () => {
    const cleaned = { type: 'cleaned', deleted: 7 } as const;
    expect(countsAfter(cleaned, cleaned)).toEqual({ cleanup_deleted_total: 14 });
  });

  it('passes on the time of a lookup in seconds', () => {
    const times: number[] = [];
    const counters = new EventCounters((seconds) => times.push(seconds));
    counters.count({ type: 'looked-up', milliseconds: 250 });
    expect(times).toEqual([0.25]);
  });

  it('ignores events of an unknown type', () => {
    expect(countsAfter({ type: '__proto__' } as never, { type: 'recovered', task: 'hint' })).toEqual({});
  });
});
