import { read, tableUnder } from './tables';

describe('the reader of tables', () => {
  const markdown = '# Title\n\n| a | b |\n|---|---|\n| `x` | 1 |\n| `y \\| z` | — |\n\n| `not` | this |\n';

  it('finds the rows under a header', () => {
    expect(tableUnder('| a | b |', markdown)).toEqual([
      ['x', '1'],
      ['y \\| z', '—'],
    ]);
  });

  it('complains when there is no such table, or more than one', () => {
    expect(() => tableUnder('| c | d |', markdown)).toThrow('one table');
    expect(() => tableUnder('| a | b |', markdown + markdown)).toThrow('one table');
  });

  it.each([
    ["'1H'", '1H'],
    ['true', true],
    ['60000', 60_000],
    ['Infinity', Infinity],
    ['[]', []],
  ])('reads %s as TypeScript does', (literal, value) => {
    expect(read(literal)).toEqual({ value });
  });

  it('reads a dash as nothing, which is not the same as undefined', () => {
    expect(Object.keys(read('—'))).toEqual([]);
  });
});
