import { historyList } from '../../../lib/pages/parts/history';
import { SIGNAL_TYPES } from '../../../lib/session/signal';
import { TRAIL_EVENTS, type TrailEntry, type TrailEvent } from '../../../lib/session/trail-entry';
import { englishReader, IPHONE, managerWithClock } from '../../support/pages';

const { manager, clock } = managerWithClock();
afterAll(() => manager.close());

const ENTRY: TrailEntry = {
  id: '1',
  at: clock.now(),
  event: 'signed-in',
  userId: 'alice',
  tenantId: null,
  sessionId: '1'.repeat(32),
  reason: null,
  actor: null,
  clientId: null,
  device: 'Web',
  userAgent: IPHONE,
  ipAddress: '192.0.2.7',
  before: null,
  after: null,
  nameHash: null,
  count: 1,
};

const shown = (...entries: Partial<TrailEntry>[]) =>
  String(
    historyList(
      entries.map((said) => manager.describeEntry({ ...ENTRY, ...said })),
      englishReader(clock.now()),
    ),
  );

describe('the history', () => {
  it.each(TRAIL_EVENTS)('has a text for the event %s', (event) => {
    const reasons: Partial<Record<TrailEvent, TrailEntry['reason']>> = {
      ended: 'displaced',
      refused: 'secret-reused',
      signal: 'address-changed',
    };
    expect(shown({ event, reason: reasons[event] ?? null })).not.toContain('undefined');
  });

  it('shows device, address and time, and the reason and the actor of an end', () => {
    const html = shown({ event: 'ended', reason: 'administrator', actor: 'boss' });
    for (const text of [
      'Mobile Safari 18 on iOS 18.5',
      '192.0.2.7',
      'just now',
      'Ended by an administrator',
      'by boss',
    ]) {
      expect(html).toContain(text);
    }
  });

  it('counts repeated failures, and marks them', () => {
    const html = shown({ event: 'sign-in-failed', count: 100 });
    expect(html).toContain('100 failed attempts to sign in within an hour');
    expect(html).toContain('eis-alarming');
    expect(shown({ event: 'refused', reason: 'wrong-secret' })).toContain('Request with a wrong key refused');
    expect(shown({ event: 'refused', reason: 'ip-changed', count: 10 })).toContain(
      '10 requests from another address',
    );
    expect(shown({ event: 'refused', reason: 'binding-required' })).toContain('Request from another device');
  });

  it.each(SIGNAL_TYPES)('has texts for the signal %s', (reason) => {
    const html = shown({ event: 'signal', reason }, { event: 'signal', reason, count: 10 });
    expect(html).not.toContain('undefined');
    expect(html).toContain('10');
  });

  it('shows the address and the country before a change, and marks changes that are unusual', () => {
    const moved = shown({ event: 'signal', reason: 'address-changed', before: '192.0.2.1' });
    expect(moved).toContain('before: 192.0.2.1');
    expect(moved).not.toContain('eis-alarming');
    const abroad = shown({ event: 'signal', reason: 'country-changed', before: 'DE', after: 'US' });
    expect(abroad).toContain('Used from another country');
    expect(abroad).toContain('before: Germany');
    expect(abroad).toContain('eis-alarming');
    const agent = shown({ event: 'signal', reason: 'user-agent-changed', before: '<b>' });
    expect(agent).not.toContain('before');
  });

  it('shows actors, clients and user agents as text', () => {
    const hostile = '<script>alert(1)</script>';
    expect(shown({ actor: hostile, clientId: hostile, userAgent: hostile })).not.toContain('<script');
  });

  it('says that nothing has happened', () => {
    expect(shown()).toContain('Nothing has happened yet.');
  });
});
