import { concurrencyRule, idleSettings, sessionSettings } from '../../../lib/protocols/abp/settings-body';

const RULES = [
  ['Disabled', 0],
  ['LogoutFromSameTypeDevices', 1],
  ['LogoutFromAllDevices', 2],
] as const;

describe('the rule about concurrent logins in a body', () => {
  it.each(RULES)('writes and reads %s as %d', (rule, number) => {
    expect(sessionSettings(rule)).toEqual({ preventConcurrentLogin: number });
    expect(concurrencyRule({ preventConcurrentLogin: number, extraProperties: {} })).toBe(rule);
  });

  it.each([-1, 3, 0.5, 1e9, '1', 'Disabled', 'length', null, true, [1], undefined])(
    'rejects the value %j',
    (value) => {
      expect(() => concurrencyRule({ preventConcurrentLogin: value })).toThrow(
        expect.objectContaining({ code: 'invalid-request', field: 'preventConcurrentLogin' }),
      );
    },
  );
});

describe('the idle settings in a body', () => {
  it('contain only the known fields', () => {
    const idle = { enabled: true, idleTimeoutMinutes: 10, countdownSeconds: 30 };
    expect(idleSettings({ ...idle, extraProperties: {} })).toEqual(idle);
  });
});

describe.each([concurrencyRule, idleSettings])(
  'a settings body that is not an object (reader %#)',
  (reads) => {
    it.each([undefined, null, 'text', 5, true, [], [{ preventConcurrentLogin: 1 }]])(
      'is rejected: %j',
      (body) => {
        expect(() => reads(body)).toThrow(
          expect.objectContaining({ code: 'invalid-request', field: 'body' }),
        );
      },
    );
  },
);
