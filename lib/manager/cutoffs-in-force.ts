import type { Settings } from '../options/settings';
import { cutoffs, type Cutoffs } from '../session/lifetimes';
import type { AdministeredStore } from '../store/store';

/** Returns the cutoffs at a time under the policy in force, which usually is cached. */
export async function cutoffsInForce(
  store: Pick<AdministeredStore, 'policy'>,
  { lifetimes }: Pick<Settings, 'lifetimes'>,
  at: number,
): Promise<Cutoffs> {
  const { idleTimeout } = await store.policy();
  return cutoffs(lifetimes, at, idleTimeout);
}
