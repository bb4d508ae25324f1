import { sessionLists, type OwnSessionsPage } from '../../../lib/pages/parts/session-list';
import { englishReader, managerWithClock } from '../../support/pages';
import { aSession, DAY } from '../../support/sessions';

const { manager, clock } = managerWithClock();
afterAll(() => manager.close());

function lists(count: number, said: Partial<OwnSessionsPage> = {}): string {
  const sessions = Array.from({ length: count }, () => manager.describe(aSession(clock.now())));
  return String(
    sessionLists({
      reader: englishReader(clock.now()),
      base: '/a',
      currentId: sessions[0]?.session.sessionId ?? '',
      sessions,
      others: count - 1,
      isFirst: true,
      version: 'v',
      next: undefined,
      ...said,
    }),
  );
}

describe('the lists of sessions', () => {
  it('say that there are no others, without buttons for several', () => {
    const html = lists(1);
    expect(html).toContain('You are not signed in anywhere else.');
    expect(html).not.toContain('name="which"');
  });

  it('have a button for all others with the count, and one for several if there are several', () => {
    expect(lists(2)).toContain('Sign out 1 other session');
    expect(lists(2)).not.toContain('value="selected"');
    expect(lists(3)).toContain('Sign out all 2 other sessions');
    expect(lists(3)).toContain('value="selected"');
  });

  it('have a box that selects all only if there are several boxes on the page', () => {
    expect(lists(2, { others: 300 })).not.toContain('data-all');
    expect(lists(3)).toMatch(/<label class="eis-scripted"><input type="checkbox" data-all/);
    expect(lists(2, { isFirst: false, currentId: '', others: 300 })).toContain('data-all');
  });

  it('link to the next page, and from a later page to the first', () => {
    expect(lists(3, { next: 'abc', others: 500 })).toMatch(/href="\/a\?after=abc">Older sessions/);
    const later = lists(3, { isFirst: false, currentId: '' });
    expect(later).toMatch(/href="\/a">Newest sessions/);
    expect(later).not.toContain('Current session');
    // Only the first page is kept current.
    expect(later).not.toContain('data-events');
  });

  it('separate sessions that were not used for 90 days', () => {
    const sessions = [0, 89, 91].map((days) => manager.describe(aSession(clock.now() - days * DAY)));
    const html = lists(0, { sessions, others: 3 });
    const [used, unused] = html.split('id="eis-unused"');
    expect(used!.match(/class="eis-session"/g)).toHaveLength(2);
    expect(unused!.match(/class="eis-session"/g)).toHaveLength(1);
  });
});
