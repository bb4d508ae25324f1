import { SessionError, type RefusalCode } from '../../../lib';
import {
  errorObject,
  OpenXchangeError,
  errorOfRefusal,
  type OpenXchangeCode,
} from '../../../lib/protocols/open-xchange/errors';

const ABOUT = { sessionId: 'id', action: 'store', client: 'c', user: 'u', context: 'x' };

/** The rows of the table of errors that this package uses. */
const ROWS: readonly [OpenXchangeCode, category: number, categories: string, params: number][] = [
  ['SES-0002', 8, 'ERROR', 0],
  ['SES-0007', 1, 'USER_INPUT', 2],
  ['SES-0008', 8, 'ERROR', 1],
  ['SES-0201', 8, 'ERROR', 0],
  ['SES-0203', 4, 'TRY_AGAIN', 1],
  ['SES-0207', 8, 'ERROR', 3],
  ['LGI-0005', 5, 'SERVICE_DOWN', 0],
  ['LGI-0006', 1, 'USER_INPUT', 0],
  ['LGI-0021', 1, 'USER_INPUT', 0],
  ['LGI-0026', 3, 'PERMISSION_DENIED', 1],
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

describe('a refusal of the manager', () => {
  const rows: readonly [RefusalCode, OpenXchangeCode, status: number, params: string[]][] = [
    ['credentials-missing', 'SES-0201', 200, []],
    ['credentials-invalid', 'SES-0203', 200, ['id']],
    ['credentials-ambiguous', 'SES-0203', 200, ['id']],
    ['session-ended', 'SES-0203', 200, ['id']],
    ['session-expired', 'SES-0203', 200, ['id']],
    ['ip-changed', 'SES-0203', 200, ['id']],
    ['session-not-found', 'SESSIONMANAGEMENT-0002', 200, []],
    ['credential-changed', 'LGI-0006', 200, []],
    ['auth-id-taken', 'SES-0008', 200, ['u']],
    ['autologin-disabled', 'SVL-0015', 200, ['store']],
    ['permission-missing', 'LGI-0026', 403, ['No.']],
    ['cross-site', 'LGI-0026', 403, ['No.']],
    ['invalid-request', 'SVL-0004', 200, ['No.']],
    ['too-many-requests', 'SVL-0019', 429, []],
    ['store-unavailable', 'LGI-0005', 503, []],
  ];

  it.each(rows)('with code %s becomes %s with status %d and parameters %j', (code, is, status, params) => {
    const { error, status: given } = errorOfRefusal(new SessionError(code, 'No.'), ABOUT);
    expect([error.code, given, error.params]).toEqual([is, status, params]);
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
