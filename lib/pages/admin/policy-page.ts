import type { RequestHandler } from 'express';

import { invalidRequest } from '../../errors';
import { permissionMissing } from '../../http/permission-guard';
import { sessionOf } from '../../http/request';
import type { IdentitySession } from '../../session/session';
import { baseOf, pageHandler, seeOther } from '../page-handler';
import { html } from '../parts/html';
import { noticeOf } from '../parts/notice';
import { showBehindSearch, type AdminParts } from './admin-parts';
import { policyForm, policyIn } from './policy-form';

/** Shows the form with the settings that apply to all users. */
export function showPolicy(parts: AdminParts): RequestHandler {
  return pageHandler(parts.dialect, async (request, response) => {
    checkAllTenants(sessionOf(request));
    const reader = parts.readerOf(request);
    const policy = await parts.manager.administration.policy();
    const content = html`${noticeOf(request, reader)}
    ${policyForm(policy, `${baseOf(request)}/policy`, reader)}`;
    await showBehindSearch(parts, { title: reader.texts.admin.policy, content }, request, response);
  });
}

/** Stores the settings that the form contains. */
export function changePolicy({ manager, dialect }: AdminParts): RequestHandler {
  return pageHandler(dialect, async (request, response) => {
    checkAllTenants(sessionOf(request));
    const patch = policyIn(request);
    if (Object.keys(patch).length === 0) throw invalidRequest('rule', '"{name}" must be a single value.');
    await manager.administration.setPolicy(patch);
    seeOther(response, `${baseOf(request)}/policy`, 'policy-changed');
  });
}

/** @throws SessionError `permission-missing` for administrators of one tenant, because the policy applies to all */
function checkAllTenants({ tenantId }: IdentitySession): void {
  if (tenantId !== null) throw permissionMissing();
}
