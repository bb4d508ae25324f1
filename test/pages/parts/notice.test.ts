import { noticeBox, noticeOf, problemBox } from '../../../lib/pages/parts/notice';
import { englishReader } from '../../support/pages';

const shown = (query: string) => noticeOf({ url: `/?${query}` }, englishReader(0))?.toString();

describe('a notice', () => {
  it.each([
    ['notice=ended', '1 session was signed out.'],
    ['notice=ended&count=12', '12 sessions were signed out.'],
    ['notice=ended&count=9999999', '1 session was signed out.'],
    ['notice=revoked', 'You ended it from another session.'],
  ])('for %s says "%s"', (query, text) => {
    expect(shown(query)).toContain(text);
  });

  it.each(['', 'notice=', 'notice=toString', 'notice=<b>', 'notice=unknown'])('is absent for %j', (query) => {
    expect(shown(query)).toBeUndefined();
  });

  it('has a role for screen readers, and gets the focus', () => {
    expect(String(noticeBox('Done.', ''))).toMatch(/role="status" tabindex="-1" autofocus/);
    expect(String(problemBox('<no>'))).toMatch(/role="alert"[^>]*>\s*&lt;no&gt;/);
  });
});
