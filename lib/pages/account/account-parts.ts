import type { Request } from 'express';

import { idParameter } from '../../http/id-parameter';
import type { recencyCheck } from '../../http/require-recent';
import type { IdentitySessionManager } from '../../manager/manager';
import type { IdentitySession } from '../../session/session';
import type { Reader } from '../messages/reader';
import { homeOf } from '../page-handler';
import type { PageFrame } from '../page-options';
import type { PageShape } from '../parts/layout';

/** The functions and options that the routes of the account page share. */
export interface AccountParts extends PageFrame {
  readonly manager: IdentitySessionManager;
  readonly signInMethodOf: ((session: IdentitySession) => string | undefined) | undefined;
  /** Checks that the user may end other sessions. */
  readonly checkRecency: ReturnType<typeof recencyCheck>;
}

/** The link from other pages to the lists of sessions. */
export function backOf(request: Request, { texts }: Reader): PageShape['back'] {
  return { path: homeOf(request), text: texts.session.back };
}

/** The id of the session that the path of the request names. */
export function idOf(request: Request): string {
  return String(idParameter(request));
}

/** Returns the number of the user's sessions except the current one, without those that the options hide. */
export async function countOthers(
  manager: IdentitySessionManager,
  current: IdentitySession,
): Promise<number> {
  const { totalCount = 1 } = await manager.search(current, { skip: 0, take: 1 });
  return Math.max(0, totalCount - 1);
}
