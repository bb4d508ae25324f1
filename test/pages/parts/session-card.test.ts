import { effectName, sessionCard, titled } from '../../../lib/pages/parts/session-card';
import { englishReader, IPHONE, managerWithClock } from '../../support/pages';
import { aSession, HOUR } from '../../support/sessions';

const { manager, clock } = managerWithClock();
afterAll(() => manager.close());

const reader = englishReader(clock.now());
const described = (said: Parameters<typeof aSession>[1] = {}) =>
  manager.describe(aSession(clock.now(), said));

function card(said: Parameters<typeof aSession>[1] = {}, isCurrent = false): string {
  const session = described(said);
  const currentId = isCurrent ? session.session.sessionId : '';
  return String(sessionCard(titled([session], reader)[0]!, { reader, base: '/a', currentId }));
}

describe('the titles of sessions', () => {
  it('are the names that the owner gave, or the devices, and different from each other', () => {
    const sessions = [{}, { name: 'Desk' }, {}, { userAgent: null }].map(described);
    expect(titled(sessions, reader).map(({ title }) => title)).toEqual([
      'Firefox 140 on Linux',
      'Desk',
      'Firefox 140 on Linux (2)',
      'Unknown device',
    ]);
  });
});

describe('the card of a session', () => {
  it('has a checkbox, a link and a button with names of their own', () => {
    const html = card({ userAgent: IPHONE });
    expect(html).toContain('aria-label="Select Mobile Safari 18 on iOS 18.5"');
    expect(html).toContain('aria-label="Sign out Mobile Safari 18 on iOS 18.5"');
    expect(html).toContain('aria-label="Phone"');
  });

  it('marks the current session, which cannot be selected', () => {
    const html = card({}, true);
    expect(html).toContain('This browser');
    expect(html).not.toContain('type="checkbox"');
  });

  it('shows the device below a name of the owner', () => {
    expect(card({ name: 'Desk' })).toMatch(/>Desk<[^]*Firefox 140 on Linux/);
  });

  it('says if the session is active now, or when it was last', () => {
    expect(card({ lastAccessed: clock.now() - 60_000 })).toContain('Active now');
    expect(card({ lastAccessed: clock.now() - HOUR })).toMatch(/Last active <time [^>]*>1 hour ago/);
    expect(card({ lastAccessed: clock.now() - HOUR }, true)).toContain('Active now');
  });

  it('marks a session in which somebody else acts', () => {
    expect(card({ actor: 'support' })).toContain('Somebody acts on your behalf');
  });
});

describe('the effect of an end', () => {
  it.each([
    [{}, true, 'currentEffect'],
    [{}, false, 'browserEffect'],
    [{ userAgent: 'DAVx5/4.4', clientId: null }, false, 'appEffect'],
  ])('of %j (current: %s) is %s', (said, isCurrent, effect) => {
    expect(effectName(described(said), isCurrent)).toBe(effect);
  });
});
