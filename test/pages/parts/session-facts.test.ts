import { sessionFacts } from '../../../lib/pages/parts/session-facts';
import { englishReader, managerWithClock } from '../../support/pages';
import { aSession } from '../../support/sessions';

const { manager, clock } = managerWithClock();
afterAll(() => manager.close());

const facts = (said: Parameters<typeof aSession>[1] = {}, more: readonly [string, string][] = []) =>
  String(sessionFacts(manager.describe(aSession(clock.now(), said)), englishReader(clock.now()), more));

describe('the facts about a session', () => {
  it('contain the current address and the earlier ones, newest first', () => {
    const html = facts({ ipAddresses: ['192.0.2.1', '192.0.2.2', '192.0.2.3'] });
    expect(html).toMatch(/IP address<\/dt>\s*<dd>192.0.2.3</);
    expect(html).toMatch(/Earlier IP addresses<\/dt>\s*<dd>192.0.2.2, 192.0.2.1</);
  });

  it('leave out what is unknown', () => {
    const html = facts({ ipAddresses: [], clientId: null }, [['Extra', '']]);
    for (const name of ['IP address', 'Client', 'Extra', 'Used by']) expect(html).not.toContain(name);
  });

  it('show when the session expires only while it is live', () => {
    expect(facts()).toContain('Expires if unused');
    expect(facts({ endedAt: clock.now() })).not.toContain('Expires if unused');
  });
});
