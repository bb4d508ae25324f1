import { capped, detached, optionalText, jsonObject, displayText, text } from '../../lib/session/text';

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

describe('capped', () => {
  it('cuts long text, and returns null for empty text', () => {
    expect(capped('userAgent', 'x'.repeat(600), 512)).toBe('x'.repeat(512));
    expect(capped('userAgent', '', 512)).toBeNull();
  });

  it('replaces half a character at the cut by U+FFFD', () => {
    expect(capped('userAgent', '😀😀', 3)).toBe('😀\ufffd');
  });

  it('throws invalid-request for text with U+0000', () => {
    expect(() => capped('userAgent', 'a\0b', 512)).toThrow(
      expect.objectContaining({ code: 'invalid-request' }),
    );
  });
});

describe('detached', () => {
  it('returns equal text', () => {
    expect(detached('grüße 😀'.slice(0, 5))).toBe('grüße');
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

  it('does not change the prototype for a key __proto__', () => {
    const kept = jsonObject(
      'extraProperties',
      JSON.parse('{"__proto__": {"polluted": true}}') as Record<string, unknown>,
    );
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(JSON.stringify(kept)).toBe('{"__proto__":{"polluted":true}}');
  });
});
