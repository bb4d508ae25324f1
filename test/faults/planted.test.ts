import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

import { BUGS, compiled, withBug } from './planted';

describe('withBug', () => {
  it.each(Object.entries(BUGS))('plants the bug "%s" in source that still compiles', (_, bug) => {
    const source = readFileSync(join(__dirname, '../..', bug.file), 'utf8');
    const changed = withBug(source, bug);
    expect(changed).not.toBe(source);
    // Private names that the replacement uses and the class does not declare are syntax errors.
    expect(() => new Script(compiled(changed, bug.file))).not.toThrow();
  });

  it('throws if the pattern matches nothing or more than once', () => {
    const bug = { file: 'x', find: /a/, replace: 'b' };
    expect(withBug('cac', bug)).toBe('cbc');
    expect(() => withBug('c', bug)).toThrow('exactly once, but matches 0 times');
    expect(() => withBug('aca', bug)).toThrow('exactly once, but matches 2 times');
  });
});
