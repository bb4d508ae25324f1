import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PLANTED, ROWS } from '../faults/rows';
import { PROJECT } from './sources';
import { tableUnder } from './tables';

const HEADER =
  '| fault | requests | accepted | refused | 503 | worst staleness, ms | touches lost | verdict |';

describe('docs/proofs.md', () => {
  const page = readFileSync(join(PROJECT, 'docs/proofs.md'), 'utf8');
  const rows = tableUnder(HEADER, page);

  it('shows a result for every row of the fault matrix, in the same order', () => {
    const faults = [...ROWS, ...PLANTED].map(({ fault }) => fault);
    expect(rows.map(([fault]) => fault)).toEqual(faults);
  });

  it('shows that every row without a planted bug passed and that every planted bug was found', () => {
    const verdicts = [...ROWS.map(() => 'good'), ...PLANTED.map(({ breaks }) => `found: ${breaks}`)];
    expect(rows.map((cells) => cells.at(-1))).toEqual(verdicts);
  });

  it('shows the worst staleness that the README states', () => {
    const worst = Math.max(...rows.slice(0, ROWS.length).map((cells) => Number(cells[5])));
    const readme = readFileSync(join(PROJECT, 'README.md'), 'utf8');
    expect(readme).toContain(`${worst.toLocaleString('en')} ms of the 2,000 ms`);
    expect(readme).toContain(`in ${ROWS.length} rows`);
  });
});
