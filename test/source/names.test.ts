import { shipped, sourcesIn } from './sources';

/** Names that say nothing, so that everything could be put there. */
const SAYS_NOTHING = /^(utils?|helpers?|commons?|types?|constants?|misc|shared)$/;

function saysNothing(paths: readonly string[]): string[] {
  return paths.filter((path) => path.split(/[/.]/).some((part) => SAYS_NOTHING.test(part)));
}

describe('names', () => {
  it('of files and folders say what is in them', () => {
    expect(saysNothing([...shipped, ...sourcesIn('test')].map(({ path }) => path))).toEqual([]);
  });

  it.each(['lib/utils.ts', 'lib/store/types.ts', 'lib/common/rows.ts', 'test/support/helpers.ts'])(
    '%s does not',
    (path) => {
      expect(saysNothing([path])).toEqual([path]);
    },
  );
});
