import { SessionError, type RefusalCode } from '../../../lib';
import { noticeBox, noticeOf, problemBox, problemPage } from '../../../lib/pages/parts/notice';
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

  it.each(redirected())(
    'exists for the refusal %s, with which browsers are led to the sign-in page',
    (code) => {
      expect(shown(`notice=${code}`)).toContain('role="status"');
    },
  );

  it('has a role for screen readers, and gets the focus', () => {
    expect(String(noticeBox('Done.', ''))).toMatch(/role="status" tabindex="-1" autofocus/);
    expect(String(problemBox('<no>'))).toMatch(/role="alert"[^>]*>\s*&lt;no&gt;/);
  });
});

describe('the page about a refusal', () => {
  it('has the message in the language of the reader, and a link', () => {
    const error = new SessionError('invalid-request', '"{name}" <b>', { values: { name: 'x' } });
    const { title, content } = problemPage(error, englishReader(0), { path: '/a?b', text: 'Go <on>' });
    expect(title).toBe('That did not work');
    expect(String(content)).toMatch(
      /role="alert"[^>]*>\s*&quot;x&quot; &lt;b&gt;[^]*href="\/a\?b">Go &lt;on&gt;</,
    );
  });
});

/** The codes of refusals with which browsers are led to the sign-in page. Two are left out, because they never become a notice. */
function redirected(): string[] {
  const codes: Record<RefusalCode, true> = {
    'credentials-missing': true,
    'credentials-invalid': true,
    'credentials-ambiguous': true,
    'session-ended': true,
    'session-expired': true,
    'authentication-insufficient': true,
    'ip-changed': true,
    'binding-required': true,
    'binding-unavailable': true,
    'session-not-found': true,
    'ticket-invalid': true,
    'link-invalid': true,
    'session-limit-reached': true,
    'credential-changed': true,
    'auth-id-taken': true,
    'session-id-taken': true,
    'autologin-disabled': true,
    'permission-missing': true,
    'cross-site': true,
    'invalid-request': true,
    'too-many-requests': true,
    'store-unavailable': true,
  };
  return (Object.keys(codes) as RefusalCode[])
    .filter((code) => new SessionError(code, '').status === 401)
    .filter((code) => code !== 'credentials-missing' && code !== 'session-ended');
}
