import type { Request } from 'express';

import { guid, sessionIdParameter } from '../../../lib/protocols/abp/guid';

const PLAIN = '0198c1a200007000800000000000000a';
const DASHED = '0198c1a2-0000-7000-8000-00000000000a';

const named = (id: unknown) => sessionIdParameter({ params: { id } } as unknown as Request);

describe('GUIDs', () => {
  it('are written with dashes', () => {
    expect(guid(PLAIN)).toBe(DASHED);
  });

  it.each([PLAIN, DASHED, DASHED.toUpperCase(), PLAIN.toUpperCase()])(
    'are read in the form %s',
    (written) => {
      expect(named(written)).toBe(PLAIN);
    },
  );

  it.each([
    '',
    'junk',
    `${PLAIN}0`,
    PLAIN.slice(1),
    `{${DASHED}}`,
    ` ${PLAIN}`,
    `${PLAIN}\n`,
    `-${PLAIN}`,
    DASHED.replace('-', '--'),
    '0198c1a2-00007000-8000-00000000000a',
    `${PLAIN.slice(0, 31)}\0`,
    `${PLAIN.slice(0, 31)}g`,
    [PLAIN],
    undefined,
  ])('are rejected in the form %j', (written) => {
    expect(() => named(written)).toThrow(
      expect.objectContaining({ code: 'invalid-request', field: 'id', message: '"id" must be a GUID.' }),
    );
  });
});
