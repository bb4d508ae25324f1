import type { IdentitySessionManager, SessionSearch } from '../../lib';
import { percentile } from '../statistics';
import type { FilledTable } from './filled';

/** How long administrators wait for a page. */
export interface PageTime {
  readonly what: string;
  /** In milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const TIMES = 40;
const BEHIND = 10_000;

/** The pages that administrators ask for, of a tenant and of all, by turns. */
export async function timePages(table: FilledTable): Promise<PageTime[]> {
  const { administration } = table.manager();
  const tenants = [...new Set((await table.sample(200)).map(({ tenantId }) => tenantId))];
  const searches: Record<string, (tenantId: string) => Promise<SessionSearch>> = {
    'newest 50 of a tenant': async (tenantId) => ({ tenantId }),
    'the 50 of a tenant after 10,000': (tenantId) => behind(administration, { tenantId }),
    'newest 50 of all': async () => ({}),
    'the 50 of all after 10,000': () => behind(administration, {}),
    '50 of a tenant that were used last': async (tenantId) => ({ tenantId, sort: 'lastAccessed' }),
    '50 of all that were used last': async () => ({ sort: 'lastAccessed' }),
  };
  const times = new Map(Object.keys(searches).map((what): [string, number[]] => [what, []]));
  for (let time = 0; time < TIMES; time++) {
    for (const [what, searchFor] of Object.entries(searches)) {
      const search = await searchFor(tenants[time % tenants.length]!);
      times.get(what)!.push(await timed(() => administration.search(search)));
    }
  }
  return Array.from(times, ([what, all]) => ({ what, p50: percentile(all, 50), p99: percentile(all, 99) }));
}

/** A search that goes on behind so many, or where they are not so many in the middle. */
async function behind(
  administration: IdentitySessionManager['administration'],
  search: SessionSearch,
): Promise<SessionSearch> {
  const all = await administration.count(search);
  const { next } = await administration.search({
    ...search,
    skip: Math.min(BEHIND, Math.floor(all / 2)) - 1,
    take: 1,
  });
  return { ...search, after: next! };
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
