import { read, tableUnder } from './tables';

describe('tableUnder and read', () => {
  const markdown = '# Title\n\n| a | b |\n|---|---|\n| `x` | 1 |\n| `y \\| z` | — |\n\n| `not` | this |\n';

  it('return the rows under a header as cells without backticks', () => {
    expect(tableUnder('| a | b |', markdown)).toEqual([
      ['x', '1'],
      ['y \\| z', '—'],
    ]);
  });

  it('throw if the page has no table with the header, or two', () => {
    expect(() => tableUnder('| c | d |', markdown)).toThrow('exactly one table');
    expect(() => tableUnder('| a | b |', markdown + markdown)).toThrow('exactly one table');
  });

  it.each([
    ["'1H'", '1H'],
    ['true', true],
    ['60000', 60_000],
    ['Infinity', Infinity],
    ['[]', []],
  ])('evaluate the cell %s as TypeScript does', (literal, value) => {
    expect(read(literal)).toEqual({ value });
  });

  it('return no value for a dash, which differs from the value undefined', () => {
    expect(Object.keys(read('—'))).toEqual([]);
  });
});
