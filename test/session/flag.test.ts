import { flagOf } from '../../lib/session/flag';

describe('flagOf', () => {
  it.each([true, 1, 'true', 'TRUE', '1', 'on', 'On', 'yes', 'y'])('converts %j to true', (value) => {
    expect(flagOf('staySignedIn', value)).toBe(true);
  });

  it.each([undefined, null, false, 0, 'false', '0', 'off', 'no', 'n', ''])(
    'converts %j to false',
    (value) => {
      expect(flagOf('staySignedIn', value)).toBe(false);
    },
  );

  it.each(['ture', ' on', 2, -1, NaN, [], ['on'], ['0', '1'], {}, { on: true }])(
    'throws invalid-request for %j',
    (value) => {
      expect(() => flagOf('staySignedIn', value)).toThrow(
        expect.objectContaining({ code: 'invalid-request', field: 'staySignedIn' }),
      );
    },
  );
});
