import { parsedPosition, positionText } from '../../lib/session/page-position';

const SESSION_ID = '0198c5a27b7c7f0e9d1c4b6a8e2f3a10';

describe('positionText', () => {
  it('writes a position that parsedPosition reads', () => {
    const position = { signedIn: 1_768_478_400_000, sessionId: SESSION_ID };
    expect(parsedPosition(positionText(position))).toEqual(position);
  });
});

describe('parsedPosition', () => {
  it.each([
    '',
    'x',
    SESSION_ID,
    `.${SESSION_ID}`,
    `-1.${SESSION_ID}`,
    `1e3.${SESSION_ID}`,
    `1234567890123456.${SESSION_ID}`,
    `1768478400000.${SESSION_ID}0`,
    `1768478400000.${'_'.repeat(32)}`,
    ` 1768478400000.${SESSION_ID}`,
  ])('rejects with invalid-request: "%s"', (text) => {
    expect(() => parsedPosition(text)).toThrow(
      expect.objectContaining({ code: 'invalid-request', field: 'after' }),
    );
  });
});
