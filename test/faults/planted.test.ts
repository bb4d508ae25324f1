import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { BUGS, withBug } from './planted';

describe('a planted bug', () => {
  it.each(Object.entries(BUGS))('%s fits the source', (_, bug) => {
    const source = readFileSync(join(__dirname, '../..', bug.file), 'utf8');
    expect(withBug(source, bug)).toContain(bug.instead);
  });

  it('that fits no more, or at two places, is a mistake', () => {
    const bug = { file: 'x', of: 'a', instead: 'b' };
    expect(() => withBug('c', bug)).toThrow('exactly once');
    expect(() => withBug('aca', bug)).toThrow('exactly once');
  });
});
