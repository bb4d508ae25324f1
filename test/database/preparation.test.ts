import { fittingName, prepared, preparationAfter, unprepared } from '../../lib/database/preparation';

const ONE = { name: 'one', text: 'select 1' };
const failed = (code: string, routine?: string) => Object.assign(new Error('failed'), { code, routine });
const stale = failed('0A000', 'RevalidateCachedQuery');

describe('prepared and unprepared', () => {
  it('send a statement with and without its name', () => {
    expect(prepared(ONE)).toEqual({ name: 'one', text: 'select 1' });
    expect(unprepared(ONE)).toEqual({ text: 'select 1' });
  });
});

describe('preparationAfter()', () => {
  it.each(['26000', '42P05'])('stops preparing statements after SQLSTATE %s', (state) => {
    expect(preparationAfter(failed(state), 0)).toBe(unprepared);
  });

  it('gives statements another name and text if the type of a column has changed', () => {
    const [first, second] = [1, 2].map((now) => preparationAfter(stale, now)?.(ONE));
    expect(first).toEqual({ name: 'one.1', text: 'select 1 /* 1 */' });
    expect(second).toEqual({ name: 'one.2', text: 'select 1 /* 2 */' });
  });

  it('keeps a statement unprepared if it has no name, or the other name is too long', () => {
    const preparation = preparationAfter(stale, 1)!;
    expect(preparation({ ...ONE, name: '' }).name).toBe('');
    expect(preparation({ ...ONE, name: 'n'.repeat(62) }).name).toBe('');
  });

  it.each([failed('0A000', 'transformStmt'), failed('42703'), new Error('no'), undefined])(
    'returns undefined for an error that has nothing to do with prepared statements (case %#)',
    (error) => {
      expect(preparationAfter(error, 0)).toBeUndefined();
    },
  );
});

describe('fittingName()', () => {
  it('returns an empty name if PostgreSQL would truncate it', () => {
    expect(fittingName('n'.repeat(63))).toBe('n'.repeat(63));
    expect(fittingName('é'.repeat(32))).toBe('');
  });
});
