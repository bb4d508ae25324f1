import { runInNewContext } from 'node:vm';

import type { Request } from 'express';

import { answersOf } from '../../../lib/protocols/open-xchange/answers';
import { inCallbackPage } from '../../../lib/protocols/open-xchange/callback-page';
import { OpenXchangeApp } from '../../support/open-xchange';
import { valuesOf } from '../../support/transcript';

const { answer } = answersOf({ contentType: 'text/javascript; charset=UTF-8' });

const ox = new OpenXchangeApp();

const HOSTILE = '</script><script>alert(1)</script>\u2028"\\';

/** Runs the script of a page, and returns what it calls on the window that contains or opened it. */
function called(page: string, parent: object, opener: object | null = null): unknown {
  const [, nonce, script = ''] = /<script nonce="([\w-]+)">(.*)<\/script>/s.exec(page)!;
  expect(nonce).toBeDefined();
  return runInNewContext(script, { parent, opener });
}

describe('the page for a login with `callback`', () => {
  const send = (form: string) => ox.client().send('POST', '/ajax/login?action=login&callback=done', form);

  it('calls the function of the page that contains it, with the answer', async () => {
    await ox.arrange();
    const page = await send('name=alice&password=somePassword');
    const received = called(page.body, { callback_done: (value: unknown) => value });
    expect(received).toMatchObject({ data: { session: expect.any(String), user: 'alice' } });
    expect(valuesOf(page, 'Content-Type')).toEqual(['text/html; charset=UTF-8']);
    expect(valuesOf(page, 'Set-Cookie')).toHaveLength(1);
  });

  it.each([
    ['a refusal of the protocol', 'name=alice&password=wrong', 'LGI-0006'],
    ['a missing parameter', 'name=alice', 'SVL-0002'],
    ['a refusal of the manager', `name=alice&password=somePassword&client=${'x'.repeat(65)}`, 'SVL-0004'],
  ])('also contains errors: %s', async (_, form, code) => {
    await ox.arrange();
    const received = called((await send(form)).body, { callback_done: (value: unknown) => value });
    expect(received).toMatchObject({ code, error: expect.any(String) });
  });

  it('forbids everything except its own script', () => {
    const one = inCallbackPage(requested('?action=login&callback=x'), answer({ session: '1' }));
    const [, nonce] = /nonce="([\w-]{43})"/.exec(one.body as string)!;
    expect(one.headers['Content-Security-Policy']).toBe(
      `default-src 'none'; script-src 'nonce-${nonce}'; frame-ancestors 'self'`,
    );
    expect(one.headers['X-Content-Type-Options']).toBe('nosniff');
  });

  it('escapes the name of the function and the answer', () => {
    const request = requested(`?action=login&callback=${encodeURIComponent(HOSTILE)}`);
    const page = inCallbackPage(request, answer({ user: HOSTILE })).body as string;
    expect(page.match(/<\/?script/g)).toHaveLength(2);
    expect(page).not.toContain('\u2028');
    const opener = { [`callback_${HOSTILE}`]: (value: unknown) => value };
    expect(called(page, {}, opener)).toEqual({ data: { user: HOSTILE } });
  });

  it.each(['?action=login', '?action=autologin&callback=x', '?callback=x'])(
    'is not sent for a request with %s',
    (query) => {
      const plain = answer({ session: '1' });
      expect(inCallbackPage(requested(query), plain)).toBe(plain);
    },
  );
});

function requested(query: string): Request {
  return { url: `/login${query}`, headers: {} } as Request;
}
