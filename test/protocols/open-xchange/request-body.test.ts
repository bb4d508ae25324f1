import { idsToDelete } from '../../../lib/protocols/open-xchange/request-body';

describe('the ids in the body of delete', () => {
  it.each([
    [['a', 'b']],
    ['["a","b"]'],
    [' [ "a", "b" ]\n'],
    [Buffer.from('["a","b"]')],
    [{ '["a","b"]': '' }],
    [{ '"a","b"': '' }],
  ])('are a and b in %j', (body) => {
    expect(idsToDelete(body)).toEqual(['a', 'b']);
  });

  it('contain each id once', () => {
    expect(idsToDelete(['a', 'b', 'a'])).toEqual(['a', 'b']);
  });

  it.each([
    [undefined, 'SVL-0023'],
    [null, 'SVL-0023'],
    ['', 'SVL-0023'],
    [' ', 'SVL-0023'],
    [{}, 'SVL-0023'],
    ['{}', 'SVL-0023'],
    ['null', 'SVL-0023'],
    [{ a: 'b' }, 'SVL-0023'],
    [{ a: 'b', c: 'd' }, 'SVL-0023'],
    [Buffer.alloc(0), 'SVL-0023'],
    ['["a"', 'SVL-0029'],
    [{ a: '' }, 'SVL-0029'],
    [[1], 'SVL-0009'],
    ['[{}]', 'SVL-0009'],
  ])('are rejected in %j', (body, code) => {
    expect(() => idsToDelete(body)).toThrow(expect.objectContaining({ code }));
  });
});
