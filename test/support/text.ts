import fc from 'fast-check';

/**
 * Any Unicode character except lone surrogates, for `fc.string({ unit: anyCharacter })`. The built-in unit `binary` is the
 * same, but creates a map of a million entries in every test file.
 */
export const anyCharacter: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10_f7ff })
  .map((number) => String.fromCodePoint(number < 0xd800 ? number : number + 0x800));

/** A character of a URL's path, perhaps percent-encoded. Replaces `fc.webSegment()`, which creates the same map. */
export const urlCharacter: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...'az09-._~!$&()*+,;=:@'),
  anyCharacter.map(encodeURIComponent),
);
