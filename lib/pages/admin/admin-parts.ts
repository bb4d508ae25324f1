import type { Request, Response } from 'express';

import { plainRefusal } from '../../errors';
import { mayAdminister } from '../../http/administered-tenant';
import type { IdentitySessionManager } from '../../manager/manager';
import type { IdentitySession } from '../../session/session';
import { homeOf } from '../page-handler';
import type { PageBody, PageFrame } from '../page-options';

/**
 * The permissions of the page: `sessions.read` to see the sessions of all users, `sessions.end` to end them, and `policy.change`
 * to see and change the policy.
 */
export type AdminPermission = 'sessions.read' | 'sessions.end' | 'policy.change';

/** Decides if the request's user has a permission. */
export type IsGranted = (permission: AdminPermission, request: Request) => boolean | Promise<boolean>;

/** The functions and options that the routes of the page for administrators share. */
export interface AdminParts extends PageFrame {
  readonly manager: IdentitySessionManager;
  readonly isGranted: IsGranted;
}

/** Returns true if the user has another permission, so that the page shows its button. */
export async function mayAlso(
  { isGranted }: Pick<AdminParts, 'isGranted'>,
  permission: AdminPermission,
  request: Request,
): Promise<boolean> {
  try {
    return (await isGranted(permission, request)) === true;
  } catch {
    return false;
  }
}

/**
 * Returns the session, if the administrator may see it.
 * @throws SessionError `session-not-found`
 */
export async function administered(
  { administration }: IdentitySessionManager,
  id: string,
  current: IdentitySession,
): Promise<IdentitySession> {
  const session = await administration.get(id);
  if (!mayAdminister(current, session.tenantId)) throw plainRefusal('session-not-found');
  return session;
}

/** Shows a page with a link back to the search. */
export async function showBehindSearch(
  { show, readerOf }: AdminParts,
  page: PageBody,
  request: Request,
  response: Response,
): Promise<void> {
  const back = { path: homeOf(request), text: readerOf(request).texts.admin.title };
  await show({ ...page, back }, request, response);
}
