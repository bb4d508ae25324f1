import { capped, detached, optionalText, jsonObject, displayText, text } from '../../lib/session/text';

const HALF_A_PAIR = '\ud800';

describe('text that is kept as it is', () => {
  it('is given back', () => {
    expect(text('clientId', 'mail-app', 64)).toBe('mail-app');
    expect(optionalText('clientId', null, 64)).toBeNull();
    expect(optionalText('clientId', undefined, 64)).toBeNull();
  });

  it.each(['', 'x'.repeat(65), 'a\0b', HALF_A_PAIR, 5, ['a'], { a: 1 }, true])(
    'is refused when it is %j',
    (value) => {
      expect(() => text('clientId', value, 64)).toThrow(
        expect.objectContaining({ code: 'invalid-request', field: 'clientId' }),
      );
    },
  );
});

describe('text that describes', () => {
  it('is cut', () => {
    expect(capped('userAgent', 'x'.repeat(600), 512)).toBe('x'.repeat(512));
    expect(capped('userAgent', '', 512)).toBeNull();
  });

  it('is whole when it is cut in the middle of a character', () => {
    expect(capped('userAgent', '😀😀', 3)).toBe('😀\ufffd');
  });

  it('is refused with U+0000', () => {
    expect(() => capped('userAgent', 'a\0b', 512)).toThrow(
      expect.objectContaining({ code: 'invalid-request' }),
    );
  });
});

describe('a piece of text', () => {
  it('is the same when it is detached from the whole', () => {
    expect(detached('grüße 😀'.slice(0, 5))).toBe('grüße');
  });
});

describe('text that is shown', () => {
  it('has no characters that cannot be seen, nor any that turn it around', () => {
    expect(displayText('a\u202eb\u2066c\u200fd\r\n\te\u2028f\0g\u061c', 64)).toBe('abcdefg');
    expect(displayText('grüße 😀 日本語', 64)).toBe('grüße 😀 日本語');
  });

  it('is cut, and whole where it is cut', () => {
    expect(displayText('x'.repeat(100), 64)).toBe('x'.repeat(64));
    expect(displayText('😀😀', 3)).toBe('😀');
  });
});

describe('properties', () => {
  it('are a frozen copy', () => {
    const given = { a: { b: [1] } };
    const kept = jsonObject('extraProperties', given);
    expect(kept).toEqual(given);
    expect(Object.isFrozen(kept)).toBe(true);
    expect(Object.isFrozen(kept['a'])).toBe(true);
  });

  it.each([null, 'text', 5, [1], undefined])('are not %j', (value) => {
    expect(() => jsonObject('extraProperties', value as never)).toThrow(TypeError);
  });

  it.each([{ a: 'x\0' }, { 'a\0': 1 }, { a: [HALF_A_PAIR] }, { a: 'x'.repeat(20_000) }])(
    'that cannot be kept are refused (%#)',
    (value) => {
      expect(() => jsonObject('extraProperties', value)).toThrow(
        expect.objectContaining({ code: 'invalid-request', field: 'extraProperties' }),
      );
    },
  );

  it('reach no prototype', () => {
    const kept = jsonObject(
      'extraProperties',
      JSON.parse('{"__proto__": {"polluted": true}}') as Record<string, unknown>,
    );
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(JSON.stringify(kept)).toBe('{"__proto__":{"polluted":true}}');
  });
});
