import { SessionError, type RefusalCode } from '../../../lib';
import {
  errorObject,
  OpenXchangeError,
  errorOfRefusal,
  isFailedAttempt,
  type OpenXchangeCode,
} from '../../../lib/protocols/open-xchange/errors';

const ABOUT = {
  sessionId: 'id',
  action: 'store',
  client: 'c',
  user: 'u',
  context: 'x',
  ipChanged: 'SES-0205',
} as const;

/** The rows of the table of errors that this package uses. */
const ROWS: readonly [OpenXchangeCode, category: number, categories: string, params: number][] = [
  ['SES-0002', 8, 'ERROR', 0],
  ['SES-0007', 1, 'USER_INPUT', 2],
  ['SES-0008', 8, 'ERROR', 1],
  ['SES-0201', 8, 'ERROR', 0],
  ['SES-0203', 4, 'TRY_AGAIN', 1],
  ['SES-0205', 3, 'PERMISSION_DENIED', 0],
  ['SES-0207', 8, 'ERROR', 3],
  ['SES-0210', 1, 'USER_INPUT', 0],
  ['SES-0211', 1, 'USER_INPUT', 0],
  ['LGI-0001', 3, 'PERMISSION_DENIED', 1],
  ['LGI-0002', 4, 'TRY_AGAIN', 1],
  ['LGI-0003', 8, 'ERROR', 1],
  ['LGI-0005', 5, 'SERVICE_DOWN', 0],
  ['LGI-0006', 1, 'USER_INPUT', 0],
  ['LGI-0011', 3, 'PERMISSION_DENIED', 1],
  ['LGI-0013', 3, 'PERMISSION_DENIED', 0],
  ['LGI-0014', 3, 'PERMISSION_DENIED', 1],
  ['LGI-0016', 1, 'USER_INPUT', 1],
  ['LGI-0020', 8, 'ERROR', 0],
  ['LGI-0021', 1, 'USER_INPUT', 0],
  ['LGI-0026', 3, 'PERMISSION_DENIED', 1],
  ['LGI-0027', 3, 'PERMISSION_DENIED', 1],
  ['LGI-0028', 3, 'PERMISSION_DENIED', 1],
  ['MFA-0001', 1, 'USER_INPUT', 0],
  ['MFA-0015', 8, 'ERROR', 0],
  ['SVL-0001', 8, 'ERROR', 1],
  ['SVL-0002', 8, 'ERROR', 1],
  ['SVL-0003', 4, 'TRY_AGAIN', 0],
  ['SVL-0004', 8, 'ERROR', 1],
  ['SVL-0009', 8, 'ERROR', 1],
  ['SVL-0015', 3, 'PERMISSION_DENIED', 1],
  ['SVL-0019', 4, 'TRY_AGAIN', 0],
  ['SVL-0021', 8, 'ERROR', 2],
  ['SVL-0023', 8, 'ERROR', 0],
  ['SVL-0029', 8, 'ERROR', 0],
  ['SVL-0030', 8, 'ERROR', 1],
  ['SESSIONMANAGEMENT-0002', 1, 'USER_INPUT', 0],
  ['TOKENLOGIN-0003', 8, 'ERROR', 0],
  ['TOKENLOGIN-0005', 8, 'ERROR', 0],
  ['TOKENLOGIN-0006', 3, 'PERMISSION_DENIED', 0],
];

describe('errorObject()', () => {
  it('returns parameters without invisible characters', () => {
    const error = new OpenXchangeError('SES-0207', ['cli\u202eent\n', 'alice', '1']);
    expect(errorObject(error, 'id')).toMatchObject({
      error_params: ['client', 'alice', '1'],
      error_desc: 'Max. number of sessions exceeded for client client of user alice in context 1',
    });
  });

  it.each(ROWS)(
    'returns for %s the category %d, %s, and %d parameters',
    (code, category, categories, count) => {
      const params = ['one', 'two', 'three'].slice(0, count);
      const object = errorObject(new OpenXchangeError(code, params), '-1-2');
      expect(object).toEqual({
        code,
        category,
        categories,
        error: expect.stringMatching(/^[^%]+$/),
        error_params: params,
        error_id: '-1-2',
        error_desc: expect.stringMatching(/^[^%]+$/),
      });
      for (const param of params) expect(object.error_desc).toContain(param);
    },
  );

  it('inserts a parameter unchanged', () => {
    const { error_desc: text } = errorObject(new OpenXchangeError('SVL-0001', ['$& %s']), '1-1');
    expect(text).toBe('Unknown AJAX action: $& %s.');
  });
});

describe('OpenXchangeError', () => {
  it.each([
    ['LGI-0016', ['https://example.com/login'], 'https://example.com/login'],
    ['LGI-0027', ['Come back at nine.'], 'Come back at nine.'],
    [
      'LGI-0011',
      ['https://example.com/password'],
      'Your password has expired. Please change it: https://example.com/password',
    ],
    ['LGI-0001', ['alice'], 'The account "alice" is locked.'],
  ] as const)('shows users the parameters of %s', (code, params, text) => {
    expect(errorObject(new OpenXchangeError(code, params), 'id')).toMatchObject({
      error: text,
      error_params: params,
    });
  });

  it.each<[unknown, unknown, string]>([
    ['LGI-9999', [], '`code` of an OpenXchangeError is "LGI-9999"'],
    ['toString', [], '`code` of an OpenXchangeError is "toString"'],
    [undefined, [], '`code`'],
    ['LGI-0001', 'alice', '`params`'],
    ['LGI-0001', [1], '`params`'],
  ])('throws TypeError for the code %j and the parameters %j', (code, params, message) => {
    const build = () => new OpenXchangeError(code as never, params as never);
    expect(build).toThrow(TypeError);
    expect(build).toThrow(message);
  });

  it('recognizes the errors of another copy of this package', () => {
    jest.isolateModules(() => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- a second copy of the module
      const copy = require('../../../lib/protocols/open-xchange/errors') as {
        OpenXchangeError: typeof OpenXchangeError;
      };
      expect(copy.OpenXchangeError).not.toBe(OpenXchangeError);
      expect(new copy.OpenXchangeError('LGI-0006') instanceof OpenXchangeError).toBe(true);
    });
    expect((new Error('no') as unknown) instanceof OpenXchangeError).toBe(false);
    expect((null as unknown) instanceof OpenXchangeError).toBe(false);
  });
});

describe('a failed attempt', () => {
  it.each(['LGI-0001', 'LGI-0006', 'LGI-0026', 'LGI-0027', 'SES-0210', 'TOKENLOGIN-0006'] as const)(
    'is %s',
    (code) => {
      expect(isFailedAttempt(code)).toBe(true);
    },
  );
  it.each(['LGI-0005', 'LGI-0011', 'LGI-0016', 'MFA-0001'] as const)('is not %s', (code) => {
    expect(isFailedAttempt(code)).toBe(false);
  });
});

describe('a refusal of the manager', () => {
  const rows: readonly [RefusalCode, OpenXchangeCode, status: number, params: string[]][] = [
    ['credentials-missing', 'SES-0201', 200, []],
    ['credentials-invalid', 'SES-0203', 200, ['id']],
    ['credentials-ambiguous', 'SES-0203', 200, ['id']],
    ['session-ended', 'SES-0203', 200, ['id']],
    ['session-expired', 'SES-0203', 200, ['id']],
    ['ip-changed', 'SES-0205', 200, []],
    ['session-not-found', 'SESSIONMANAGEMENT-0002', 200, []],
    ['credential-changed', 'LGI-0006', 200, []],
    ['auth-id-taken', 'SES-0008', 200, ['u']],
    ['autologin-disabled', 'SVL-0015', 200, ['store']],
    ['permission-missing', 'LGI-0026', 403, ['No.']],
    ['link-invalid', 'LGI-0026', 403, ['No.']],
    ['ticket-invalid', 'LGI-0026', 403, ['No.']],
    ['cross-site', 'LGI-0026', 403, ['No.']],
    ['invalid-request', 'SVL-0004', 200, ['No.']],
    ['too-many-requests', 'SVL-0019', 429, []],
    ['store-unavailable', 'LGI-0005', 503, []],
  ];

  it.each(rows)('with code %s becomes %s with status %d and parameters %j', (code, is, status, params) => {
    const { error, status: given } = errorOfRefusal(new SessionError(code, 'No.'), ABOUT);
    expect([error.code, given, error.params]).toEqual([is, status, params]);
  });

  it('for a changed address becomes the error of an expired session in the generation 8', () => {
    const { error } = errorOfRefusal(new SessionError('ip-changed', 'No.'), {
      ...ABOUT,
      ipChanged: 'SES-0203',
    });
    expect([error.code, error.params]).toEqual(['SES-0203', ['id']]);
  });

  it.each([
    ['user', 'SES-0007', ['u', 'x']],
    ['client', 'SES-0207', ['c', 'u', 'x']],
    ['node', 'SES-0002', []],
  ] as const)('for a limit per %s becomes %s with %j', (per, is, params) => {
    const { error } = errorOfRefusal(new SessionError('session-limit-reached', 'No.', { per }), ABOUT);
    expect([error.code, error.params]).toEqual([is, params]);
  });
});
