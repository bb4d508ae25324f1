import { concurrencyRule, idleSettings, sessionSettings } from '../../../lib/protocols/abp/settings-body';

const RULES = [
  ['Disabled', 0],
  ['LogoutFromSameTypeDevices', 1],
  ['LogoutFromAllDevices', 2],
] as const;

describe('the rule about concurrent logins', () => {
  it.each(RULES)('%s is %d on the wire, both ways', (rule, number) => {
    expect(sessionSettings(rule)).toEqual({ preventConcurrentLogin: number });
    expect(concurrencyRule({ preventConcurrentLogin: number, extraProperties: {} })).toBe(rule);
  });

  it.each([-1, 3, 0.5, 1e9, '1', 'Disabled', 'length', null, true, [1], undefined])(
    'is refused as %j',
    (value) => {
      expect(() => concurrencyRule({ preventConcurrentLogin: value })).toThrow(
        expect.objectContaining({ code: 'invalid-request', field: 'preventConcurrentLogin' }),
      );
    },
  );
});

describe('the idle settings', () => {
  it('are what is said of them, and nothing else', () => {
    const idle = { enabled: true, idleTimeoutMinutes: 10, countdownSeconds: 30 };
    expect(idleSettings({ ...idle, extraProperties: {} })).toEqual(idle);
  });
});

describe.each([concurrencyRule, idleSettings])('a body of another kind (%#)', (reads) => {
  it.each([undefined, null, 'text', 5, true, [], [{ preventConcurrentLogin: 1 }]])(
    'is refused: %j',
    (body) => {
      expect(() => reads(body)).toThrow(expect.objectContaining({ code: 'invalid-request', field: 'body' }));
    },
  );
});
