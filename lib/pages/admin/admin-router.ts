import { Router, type Request, type RequestHandler } from 'express';

import { invalidRequest, plainRefusal } from '../../errors';
import { mayAdminister, withinTenant } from '../../http/administered-tenant';
import { parseForm } from '../../http/form-body';
import { idParameter } from '../../http/id-parameter';
import { permissionGuard, permissionMissing } from '../../http/permission-guard';
import { sessionOf, verbOptions } from '../../http/request';
import { recentGuard } from '../../http/require-recent';
import { sameOrigin } from '../../http/same-origin';
import { sessionSecretGuard } from '../../http/session-secret-guard';
import type { IdentitySessionManager } from '../../manager/manager';
import { func } from '../../options/checks';
import type { OptionTable } from '../../options/reader';
import { displayName } from '../../session/i18n/messages';
import { everySessionOf } from '../../session/revocation';
import { actingUser, type IdentitySession } from '../../session/session';
import { visible } from '../../session/text';
import { serveAsset } from '../assets';
import { fieldValue, fieldValues } from '../form-fields';
import { readersOf, type Reader } from '../messages/reader';
import { baseOf, homeOf, pageHandler, seeOther } from '../page-handler';
import { frameOf, PAGE_OPTIONS, type PageBody, type PageFrame, type PageOptions } from '../page-options';
import { pageHeaders, sendPage } from '../page-response';
import { confirmDialog, confirmForm } from '../parts/confirm-dialog';
import { html } from '../parts/html';
import { historyList } from '../parts/history';
import { noticeOf, problemBox } from '../parts/notice';
import { policyForm, policyIn } from './policy-form';
import { adminQuery, isFull, linkTo, searchOf } from './search-query';
import { adminDetails } from './admin-details';
import { adminTable } from './session-table';

/**
 * The permissions of the page: `sessions.read` to see the sessions of all users, `sessions.end` to end them, and `policy.change`
 * to see and change the policy.
 */
export type AdminPermission = 'sessions.read' | 'sessions.end' | 'policy.change';

/** The options of `adminPage`. */
export interface AdminPageOptions extends PageOptions {
  /**
   * Decides if the request's user has a permission. The user's session is `request.identitySession`. Required. Any result except
   * `true` refuses the request, and so does an error. A user with a tenant administers this tenant, and a user without a tenant
   * administers all tenants and the policy.
   */
  readonly isGranted: (permission: AdminPermission, request: Request) => boolean | Promise<boolean>;
}

const OPTIONS = {
  ...PAGE_OPTIONS,
  isGranted: {
    check: func<AdminPageOptions['isGranted']>(),
    required: 'give `isGranted: (permission, request) => boolean`, which decides who may administer sessions',
  },
} satisfies OptionTable<AdminPageOptions>;

/** The functions and options that the routes of the page share. */
interface AdminParts extends PageFrame {
  readonly manager: IdentitySessionManager;
  readonly isGranted: AdminPageOptions['isGranted'];
}

/**
 * Creates the page on which administrators find and end the sessions of all users and change the policy. It brings its own
 * guard: `app.use('/admin/sessions', adminPage(manager, { isGranted }))`.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function adminPage(manager: IdentitySessionManager, options: AdminPageOptions): Router {
  const values = verbOptions('adminPage', manager, options, OPTIONS);
  const { settings } = manager;
  const { isGranted } = values;
  const frame = frameOf(settings, values, readersOf(settings, values));
  const parts: AdminParts = { ...frame, manager, isGranted };
  const { dialect } = frame;
  const permitted = (permission: AdminPermission) => [
    pageHeaders,
    sessionSecretGuard(manager, { dialect }),
    permissionGuard(dialect, (request) => isGranted(permission, request), settings.report),
  ];
  const recent = recentGuard(manager, dialect, values.recent);
  const write = [sameOrigin(manager, { dialect }), recent, parseForm];

  const router = Router();
  router.get('/assets/:file', serveAsset);
  router.get('/', permitted('sessions.read'), showSearch(parts));
  router.get('/sessions/:id', permitted('sessions.read'), showSession(parts));
  // The page after a sign-in can be the one with the question, which only a form shows.
  router.get('/confirm', (request, response) => response.redirect(303, homeOf(request)));
  router.post('/confirm', permitted('sessions.end'), write, askBefore(parts));
  router.post('/end', permitted('sessions.end'), write, endSessions(parts));
  router.get('/policy', permitted('policy.change'), showPolicy(parts));
  router.post('/policy', permitted('policy.change'), write, changePolicy(parts));
  return router;
}

/** Returns true if the user has another permission, so that the page shows its button. */
async function mayAlso(
  { isGranted }: AdminParts,
  permission: AdminPermission,
  request: Request,
): Promise<boolean> {
  try {
    return (await isGranted(permission, request)) === true;
  } catch {
    return false;
  }
}

function showSearch(parts: AdminParts): RequestHandler {
  const { manager, readerOf, dialect } = parts;
  return pageHandler(dialect, async (request, response) => {
    const current = sessionOf(request);
    const reader = readerOf(request);
    const query = adminQuery(request);
    const { sessions, next } = await manager.administration.search(withinTenant(searchOf(query), current));
    const more = next ?? (query.sort !== 'signedIn' && isFull(sessions.length) ? '' : undefined);
    const table = adminTable({
      reader,
      base: baseOf(request),
      home: homeOf(request),
      query,
      sessions: sessions.map((session) => manager.describe(session)),
      currentId: current.sessionId,
      next:
        more === undefined
          ? undefined
          : linkTo(query, more === '' ? { page: query.page + 1 } : { after: more }),
      showsTenants: current.tenantId === null,
      mayEnd: await mayAlso(parts, 'sessions.end', request),
    });
    const { admin } = reader.texts;
    const seesPolicy = current.tenantId === null && (await mayAlso(parts, 'policy.change', request));
    const content = html`${noticeOf(request, reader)}
    ${seesPolicy && html`<p><a href="${baseOf(request)}/policy">${admin.policy}</a></p>`} ${table}
    ${confirmDialog(reader)}`;
    const page = { title: admin.title, content, width: 'wide' as const };
    await sendPage(parts.documentOf(page, reader, request), request, response);
  });
}

function showSession(parts: AdminParts): RequestHandler {
  const { manager, readerOf, dialect } = parts;
  return pageHandler(dialect, async (request, response) => {
    const session = await administered(manager, String(idParameter(request)), sessionOf(request));
    const reader = readerOf(request);
    const described = manager.describe(session);
    const mayEnd = await mayAlso(parts, 'sessions.end', request);
    const { entries } = await manager.administration.trail({ owner: session, limit: RECENT });
    const content = html`${adminDetails({ described, reader, base: baseOf(request), mayEnd })}
      <h2>${reader.texts.history.title}</h2>
      ${historyList(
        entries.map((entry) => manager.describeEntry(entry)),
        reader,
      )}`;
    const names = { title: displayName(described.device, reader.names), user: visible(session.userId) };
    const title = reader.filled(reader.texts.admin.detailsOf, names);
    await respond(parts, { title, content }, reader, request, response);
  });
}

/** The number of entries of the user's history below a session. */
const RECENT = 20;

/**
 * Returns the session, if the administrator may see it.
 * @throws SessionError `session-not-found`
 */
async function administered(
  manager: IdentitySessionManager,
  id: string,
  current: IdentitySession,
): Promise<IdentitySession> {
  const session = await manager.administration.get(id);
  if (!mayAdminister(current, session.tenantId)) throw plainRefusal('session-not-found');
  return session;
}

/** Sends a page with a link back to the search. */
async function respond(
  { documentOf }: AdminParts,
  page: PageBody,
  reader: Reader,
  request: Request,
  response: Parameters<RequestHandler>[1],
): Promise<void> {
  const back = { path: homeOf(request), text: reader.texts.admin.title };
  await sendPage(documentOf({ ...page, back }, reader, request), request, response);
}

/** The owner whose sessions a form names, or undefined if it names single sessions. */
function ownerIn(
  request: Request,
  current: IdentitySession,
): { tenantId: string | null; userId: string } | undefined {
  const userId = fieldValue(request, 'user');
  if (userId === undefined) return undefined;
  return { userId, tenantId: current.tenantId ?? (fieldValue(request, 'tenant') || null) };
}

function selectedIn(request: Request): readonly string[] {
  return [...new Set([...fieldValues(request, 'id'), ...fieldValues(request, 'selected')])];
}

function askBefore(parts: AdminParts): RequestHandler {
  return pageHandler(parts.dialect, async (request, response) => {
    const reader = parts.readerOf(request);
    const { admin, confirm, problem } = reader.texts;
    const owner = ownerIn(request, sessionOf(request));
    const ids = selectedIn(request);
    if (owner === undefined && ids.length === 0) {
      response.status(400);
      const page = { title: problem.title, content: problemBox(confirm.nothingSelected) };
      return respond(parts, page, reader, request, response);
    }
    const fields =
      owner === undefined
        ? ids.map((id) => ['selected', id] as const)
        : ([
            ['user', owner.userId],
            ['tenant', owner.tenantId ?? ''],
          ] as const);
    const question = {
      title:
        owner === undefined
          ? reader.plural(admin.confirmSelected, ids.length)
          : reader.filled(admin.confirmAllOf, { user: visible(owner.userId) }),
      effect: admin.effect,
      action: `${baseOf(request)}/end`,
      fields,
      cancel: homeOf(request),
    };
    await respond(
      parts,
      { title: admin.title, content: confirmForm(question, reader) },
      reader,
      request,
      response,
    );
  });
}

function endSessions({ manager, dialect }: AdminParts): RequestHandler {
  return pageHandler(dialect, async (request, response) => {
    const current = sessionOf(request);
    const by = actingUser(current);
    const owner = ownerIn(request, current);
    if (owner !== undefined) {
      const ended = await manager.revoke(everySessionOf(owner), { reason: 'administrator', by });
      return seeOther(response, homeOf(request), 'ended', { count: String(ended.length) });
    }
    const ids = selectedIn(request);
    for (const id of ids) {
      await administered(manager, id, current);
      await manager.administration.revoke(id, { by });
    }
    seeOther(response, homeOf(request), ids.length === 0 ? 'ended-none' : 'ended', {
      count: String(ids.length),
    });
  });
}

function showPolicy(parts: AdminParts): RequestHandler {
  return pageHandler(parts.dialect, async (request, response) => {
    checkAllTenants(sessionOf(request));
    const reader = parts.readerOf(request);
    const policy = await parts.manager.administration.policy();
    const content = html`${noticeOf(request, reader)}
    ${policyForm(policy, `${baseOf(request)}/policy`, reader)}`;
    await respond(parts, { title: reader.texts.admin.policy, content }, reader, request, response);
  });
}

function changePolicy({ manager, dialect }: AdminParts): RequestHandler {
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
