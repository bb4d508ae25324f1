import type { IdentitySessionManager, SessionSearch } from '../../lib';
import { percentile, timed } from '../statistics';
import type { FilledTable } from './filled-table';

/** The time of a search for one page. */
export interface PageTime {
  readonly name: string;
  /** In milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const TIMES = 40;
const SKIPPED = 10_000;

/** Measures the pages that administrators request, of one tenant and of all tenants. */
export async function timePages(table: FilledTable): Promise<PageTime[]> {
  const { administration } = table.manager();
  const tenants = [...new Set((await table.sample(200)).map(({ tenantId }) => tenantId))];
  const searches: Record<string, (tenantId: string) => Promise<SessionSearch>> = {
    'newest 50 of a tenant': async (tenantId) => ({ tenantId }),
    '50 of a tenant after 10,000 others': (tenantId) => searchAfter(administration, { tenantId }),
    'newest 50 of all': async () => ({}),
    '50 of all after 10,000 others': () => searchAfter(administration, {}),
    'last used 50 of a tenant': async (tenantId) => ({
      tenantId,
      order: [{ by: 'lastAccessed', descending: true }],
    }),
    'last used 50 of all': async () => ({ order: [{ by: 'lastAccessed', descending: true }] }),
  };
  const times = new Map(Object.keys(searches).map((name): [string, number[]] => [name, []]));
  for (let time = 0; time < TIMES; time++) {
    for (const [name, searchFor] of Object.entries(searches)) {
      const search = await searchFor(tenants[time % tenants.length]!);
      times.get(name)!.push(await timed(() => administration.search(search)));
    }
  }
  return Array.from(times, ([name, all]) => ({ name, p50: percentile(all, 50), p99: percentile(all, 99) }));
}

/** Returns a search that continues after 10,000 sessions, or after half of them if there are fewer than 20,000. */
async function searchAfter(
  administration: IdentitySessionManager['administration'],
  search: SessionSearch,
): Promise<SessionSearch> {
  const all = await administration.count(search);
  const { next } = await administration.search({
    ...search,
    skip: Math.min(SKIPPED, Math.floor(all / 2)) - 1,
    take: 1,
  });
  return { ...search, after: next! };
}
