import {
  capped,
  detached,
  displayText,
  isTooDeep,
  jsonObject,
  optionalLabel,
  optionalText,
  text,
  visible,
} from '../../lib/session/text';

const HALF_A_PAIR = '\ud800';

describe('text and optionalText', () => {
  it('return valid text unchanged, and null for a missing value', () => {
    expect(text('clientId', 'mail-app', 64)).toBe('mail-app');
    expect(optionalText('clientId', null, 64)).toBeNull();
    expect(optionalText('clientId', undefined, 64)).toBeNull();
  });

  it.each(['', 'x'.repeat(65), 'a\0b', HALF_A_PAIR, 5, ['a'], { a: 1 }, true])(
    'throws invalid-request for %j',
    (value) => {
      expect(() => text('clientId', value, 64)).toThrow(
        expect.objectContaining({ code: 'invalid-request', field: 'clientId' }),
      );
    },
  );
});

describe('optionalLabel', () => {
  it('replaces characters that cannot be stored by U+FFFD', () => {
    expect(optionalLabel('clientId', `a\0b${HALF_A_PAIR}c`, 64)).toBe('a\ufffdb\ufffdc');
    expect(optionalLabel('clientId', null, 64)).toBeNull();
  });

  it.each(['', 'x'.repeat(65), 5])('throws invalid-request for %j', (value) => {
    expect(() => optionalLabel('clientId', value, 64)).toThrow(
      expect.objectContaining({ code: 'invalid-request', field: 'clientId' }),
    );
  });
});

describe('capped', () => {
  it('cuts long text, and returns null for empty text', () => {
    expect(capped('x'.repeat(600), 512)).toBe('x'.repeat(512));
    expect(capped('', 512)).toBeNull();
  });

  it('replaces half a character at the cut by U+FFFD', () => {
    expect(capped('😀😀', 3)).toBe('😀\ufffd');
  });

  it('replaces characters that cannot be stored by U+FFFD', () => {
    expect(capped(`a\0b${HALF_A_PAIR}c`, 512)).toBe('a\ufffdb\ufffdc');
  });
});

describe('detached', () => {
  it('returns equal text', () => {
    expect(detached('grüße 😀'.slice(0, 5))).toBe('grüße');
  });
});

describe('visible', () => {
  it.each([
    ['C0 and C1 controls', '\0\x07\t\r\n\x1b\x7f\x85\x9f'],
    ['bidirectional formatting', '\u200e\u200f\u061c\u202a\u202e\u2066\u2069'],
    ['characters without width', '\u200b\u200c\u200d\u2060\ufeff\u00ad'],
    ['separators of lines and paragraphs', '\u2028\u2029'],
    ['tags and variation selectors', '\u{e0001}\u{e0041}\u{e007f}\ufe0f\u{e0100}'],
    ['fillers', '\u115f\u1160\u3164\uffa0\u034f'],
    ['halves of surrogate pairs', '\ud800\udc00\ud800'.slice(1)],
  ])('removes %s', (_what, characters) => {
    const between = [...characters].map((each) => `a${each}`).join('');
    expect(visible(`${between}z`)).toMatch(/^a+z$/);
  });

  it('keeps text in any language, and null', () => {
    for (const kept of ['grüße 😀 日本語', 'عربي', 'हिन्दी', '']) expect(visible(kept)).toBe(kept);
    expect(visible(null)).toBeNull();
  });
});

describe('displayText', () => {
  it('removes characters that are invisible or reverse text', () => {
    expect(displayText('a\u202eb\u2066c\u200fd\r\n\te\u2028f\0g\u061c', 64)).toBe('abcdefg');
    expect(displayText('grüße 😀 日本語', 64)).toBe('grüße 😀 日本語');
  });

  it('cuts long text, and removes half a character at the cut', () => {
    expect(displayText('x'.repeat(100), 64)).toBe('x'.repeat(64));
    expect(displayText('😀😀', 3)).toBe('😀');
  });
});

describe('jsonObject', () => {
  it('returns a frozen copy', () => {
    const given = { a: { b: [1] } };
    const kept = jsonObject('extraProperties', given);
    expect(kept).toEqual(given);
    expect(Object.isFrozen(kept)).toBe(true);
    expect(Object.isFrozen(kept['a'])).toBe(true);
  });

  it.each([null, 'text', 5, [1], undefined])('throws a TypeError for %j', (value) => {
    expect(() => jsonObject('extraProperties', value as never)).toThrow(TypeError);
  });

  it.each([{ a: 'x\0' }, { 'a\0': 1 }, { a: [HALF_A_PAIR] }, { a: 'x'.repeat(20_000) }])(
    'throws invalid-request for an object that cannot be stored (case %#)',
    (value) => {
      expect(() => jsonObject('extraProperties', value)).toThrow(
        expect.objectContaining({ code: 'invalid-request', field: 'extraProperties' }),
      );
    },
  );

  it.each(['{"__proto__": {"admin": true}}', '{"a": [{"__proto__": null}]}'])(
    'throws invalid-request for a key __proto__ at any level: %s',
    (json) => {
      expect(() => jsonObject('data', JSON.parse(json) as object as never)).toThrow(
        expect.objectContaining({ code: 'invalid-request', message: expect.stringContaining('__proto__') }),
      );
    },
  );

  it.each([101, 3000, 100_000])(
    'throws invalid-request for an object that is nested %i levels deep',
    (depth) => {
      let value: object = {};
      for (let level = 1; level < depth; level++) value = level % 2 ? { a: value } : [value];
      expect(() => jsonObject('data', { ...value })).toThrow(
        expect.objectContaining({ code: 'invalid-request', field: 'data' }),
      );
    },
  );

  it('accepts an object that is nested 100 levels deep', () => {
    const value = JSON.parse(`{"a":${'['.repeat(99)}"]}"${']'.repeat(99)}}`) as Record<string, unknown>;
    expect(jsonObject('data', value)).toEqual(value);
  });
});

describe('isTooDeep', () => {
  it('does not count brackets in strings, or brackets that are closed', () => {
    expect(isTooDeep(JSON.stringify({ a: '[{'.repeat(200), '"[\\"': '\\"['.repeat(200) }))).toBe(false);
    expect(isTooDeep(JSON.stringify(Array.from({ length: 500 }, () => [{}])))).toBe(false);
  });

  it('counts the brackets after strings', () => {
    expect(isTooDeep(`{"\\"]\\\\":${'['.repeat(100)}${']'.repeat(100)}}`)).toBe(true);
  });
});
