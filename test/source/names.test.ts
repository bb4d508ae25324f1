import { shipped, sourcesIn } from './sources';

/** Names that fit any content. */
const VAGUE = /^(utils?|helpers?|commons?|types?|constants?|misc|shared)$/;

function vaguePaths(paths: readonly string[]): string[] {
  return paths.filter((path) => path.split(/[/.]/).some((part) => VAGUE.test(part)));
}

describe('the names of files and folders', () => {
  it('describe their content', () => {
    expect(vaguePaths([...shipped, ...sourcesIn('test')].map(({ path }) => path))).toEqual([]);
  });

  it.each(['lib/utils.ts', 'lib/store/types.ts', 'lib/common/rows.ts', 'test/support/helpers.ts'])(
    'may not be vague: %s',
    (path) => {
      expect(vaguePaths([path])).toEqual([path]);
    },
  );
});
