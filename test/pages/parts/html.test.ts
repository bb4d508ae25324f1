import fc from 'fast-check';

import { html } from '../../../lib/pages';
import { satisfies } from '../../support/compliance';

const text = (parts: { toString(): string }) => parts.toString();

describe('html', () => {
  it('escapes text between tags and in attributes', () => {
    const hostile = `"><script>alert('owned')</script>&`;
    expect(text(html`<p title="${hostile}">${hostile}</p>`)).toBe(
      '<p title="&quot;&gt;&lt;script&gt;alert(&#39;owned&#39;)&lt;/script&gt;&amp;">' +
        '&quot;&gt;&lt;script&gt;alert(&#39;owned&#39;)&lt;/script&gt;&amp;</p>',
    );
  });

  it('puts other HTML and lists in without escaping them, but escapes the texts of a list', () => {
    const items = [html`<b>1</b>`, '<b>', [2, 3]];
    expect(text(html`<p>${items}</p>`)).toBe('<p><b>1</b>&lt;b&gt;23</p>');
  });

  it.each([false, null, undefined] as const)('produces no output for %s', (nothing) => {
    expect(text(html`<p>${nothing}</p>`)).toBe('<p></p>');
  });

  it(satisfies('never lets a value open a tag, close a quote or start an entity', 'ASVS 3.2.2'), () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(text(html`${value}`).replace(/&(amp|lt|gt|quot|#39);/g, '')).not.toMatch(/[&<>"']/);
      }),
    );
  });

  it('escapes objects that only look like HTML, for example from a JSON body', () => {
    const forged = JSON.parse('{"text":"<b>"}') as never;
    expect(() => text(html`${forged}`)).toThrow(TypeError);
  });
});
