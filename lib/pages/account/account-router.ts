import { Router, type Request, type RequestHandler } from 'express';

import { plainRefusal } from '../../errors';
import { parseForm } from '../../http/form-body';
import { idParameter } from '../../http/id-parameter';
import { revokeLimiters } from '../../http/limiters';
import { send, sessionOf, verbOptions } from '../../http/request';
import { recencyCheck } from '../../http/require-recent';
import { mustClearCookie } from '../../http/revoke-route';
import { sameOrigin } from '../../http/same-origin';
import { sessionSecretGuard } from '../../http/session-secret-guard';
import type { SessionPage } from '../../manager/administration';
import type { IdentitySessionManager } from '../../manager/manager';
import type { TrailPage } from '../../manager/trail';
import { func } from '../../options/checks';
import type { OptionTable } from '../../options/reader';
import { covers, reachesOthers } from '../../session/revocation';
import type { DescribedEntry } from '../../session/described';
import { actingUser, type IdentitySession } from '../../session/session';
import type { TrailEntry } from '../../session/trail-entry';
import { serveAsset } from '../assets';
import { fieldValue } from '../form-fields';
import { readersOf, type Reader } from '../messages/reader';
import { baseOf, homeOf, pageHandler, seeOther } from '../page-handler';
import { frameOf, PAGE_OPTIONS, type PageFrame, type PageOptions } from '../page-options';
import { pageHeaders, sendPage } from '../page-response';
import { confirmDialog, confirmForm, type Question } from '../parts/confirm-dialog';
import { html, type Html } from '../parts/html';
import { historyList } from '../parts/history';
import { iconDrawings } from '../parts/icon';
import type { PageShape } from '../parts/layout';
import { noticeOf, problemBox } from '../parts/notice';
import { effectName, titleOf } from '../parts/session-card';
import { sessionLists } from '../parts/session-list';
import { choiceIn, fieldsOf, revocationOf, type Choice } from './questions';
import { sessionDetails } from './session-details';
import { sessionStream, streamDialect, versionOf } from './session-stream';

/** The options of `accountPage`. */
export interface AccountPageOptions extends PageOptions {
  /** Returns the sign-in method of a session for its owner, such as `Password` or `Google`, if the app knows it. */
  readonly signInMethodOf?: ((session: IdentitySession) => string | undefined) | undefined;
}

const OPTIONS = {
  ...PAGE_OPTIONS,
  signInMethodOf: { check: func<NonNullable<AccountPageOptions['signInMethodOf']>>() },
} satisfies OptionTable<AccountPageOptions>;

/** The functions and options that the routes of the page share. */
interface AccountParts extends PageFrame {
  readonly manager: IdentitySessionManager;
  readonly signInMethodOf: AccountPageOptions['signInMethodOf'];
  /** Checks that the user may end other sessions. */
  readonly checkRecency: ReturnType<typeof recencyCheck>;
}

/**
 * Creates the page on which users see and end their sessions. It brings its own guard:
 * `app.use('/account/sessions', accountPage(manager))`.
 *
 * Works without scripts. With scripts, it asks before it ends a session in a dialog, and shows new and ended sessions without a
 * reload.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function accountPage(manager: IdentitySessionManager, options: AccountPageOptions = {}): Router {
  const values = verbOptions('accountPage', manager, options, OPTIONS);
  const { settings } = manager;
  const frame = frameOf(settings, values, readersOf(settings, values));
  const parts: AccountParts = {
    ...frame,
    manager,
    signInMethodOf: values.signInMethodOf,
    checkRecency: recencyCheck(manager, values.recent),
  };
  const { dialect } = frame;
  const guarded = [pageHeaders, sessionSecretGuard(manager, { dialect })];
  const write = [pageHeaders, sameOrigin(manager, { dialect }), ...guarded, parseForm];

  const streamGuard = sessionSecretGuard(manager, {
    dialect: streamDialect(dialect, values.signIn),
    activity: false,
  });
  const stream = {
    manager,
    signIn: values.signIn,
    listsOf: async (page: SessionPage, request: Request) => String(await listsOf(parts, page, true, request)),
  };

  const router = Router();
  router.get('/assets/:file', serveAsset);
  router.get('/', guarded, showSessions(parts));
  router.get('/history', guarded, showHistory(parts));
  router.get('/events', streamGuard, sessionStream(stream));
  router.get('/sessions/:id', guarded, showSession(parts));
  router.post('/sessions/:id/name', write, nameSession(parts));
  // The page after a sign-in can be the one with the question, which only a form shows.
  router.get('/confirm', (request, response) => response.redirect(303, homeOf(request)));
  router.post('/confirm', write, askBefore(parts));
  router.post('/end', write, revokeLimiters(dialect), endSessions(parts));
  return router;
}

function showSessions(parts: AccountParts): RequestHandler {
  const { manager, dialect, readerOf } = parts;
  return pageHandler(dialect, async (request, response) => {
    const current = sessionOf(request);
    const reader = readerOf(request);
    const { after } = request.query;
    const isFirst = typeof after !== 'string';
    const page = await manager.list(current, isFirst ? {} : { after });
    const lists = await listsOf(parts, page, isFirst, request);
    const { title, introduction } = reader.texts.account;
    const trail = isFirst ? await manager.trail(current, { limit: RECENT }) : undefined;
    const content = html`${noticeOf(request, reader)}
      <p class="eis-quiet">${introduction}</p>
      ${lists} ${trail && recentHistory(trail, manager, reader, request)} ${confirmDialog(reader)}
      <p class="eis-unseen" id="eis-announcer" role="status"></p>`;
    await sendPage(parts.documentOf({ title, content }, reader, request), request, response);
  });
}

/** The number of entries of the history below the sessions. */
const RECENT = 8;

function recentHistory(
  { entries, next }: TrailPage,
  manager: IdentitySessionManager,
  reader: Reader,
  request: Request,
): Html {
  const { history } = reader.texts;
  return html`<section aria-labelledby="eis-h-history">
    <h2 id="eis-h-history">${history.title}</h2>
    ${historyList(describedEntries(entries, manager), reader)}
    ${next !== undefined && html`<p><a href="${baseOf(request)}/history">${history.whole}</a></p>`}
  </section>`;
}

function describedEntries(
  entries: readonly TrailEntry[],
  manager: IdentitySessionManager,
): readonly DescribedEntry[] {
  return entries.map((entry) => manager.describeEntry(entry));
}

function showHistory({ manager, dialect, readerOf, documentOf }: AccountParts): RequestHandler {
  return pageHandler(dialect, async (request, response) => {
    const reader = readerOf(request);
    const { history } = reader.texts;
    const { after } = request.query;
    const path = `${baseOf(request)}/history`;
    const page = await manager.trail(sessionOf(request), typeof after === 'string' ? { after } : {});
    const content = html`${historyList(describedEntries(page.entries, manager), reader, 2)}
      <nav class="eis-pager">
        ${after !== undefined && html`<a href="${path}">${history.newest}</a>`}
        ${page.next !== undefined && html`<a href="${path}?after=${page.next}">${history.older}</a>`}
      </nav>
      ${iconDrawings()}`;
    const shown = { title: history.title, content, back: backOf(request, reader) };
    await sendPage(documentOf(shown, reader, request), request, response);
  });
}

/** Returns the lists of sessions on a page. The current session is on the first page, also if many others are newer. */
async function listsOf(
  { manager, readerOf }: AccountParts,
  page: SessionPage,
  isFirst: boolean,
  request: Request,
): Promise<Html> {
  const current = sessionOf(request);
  const isCurrent = ({ sessionId }: IdentitySession) => sessionId === current.sessionId;
  const others = page.sessions.filter((session) => !isCurrent(session));
  const shown = isFirst ? [page.sessions.find(isCurrent) ?? current, ...others] : others;
  return sessionLists({
    reader: readerOf(request),
    base: baseOf(request),
    currentId: current.sessionId,
    sessions: shown.map((session) => manager.describe(session)),
    others: isFirst && page.next === undefined ? others.length : await countOthers(manager, current),
    isFirst,
    version: versionOf(page.sessions),
    next: page.next,
  });
}

/** Returns the number of the user's sessions except the current one, without those that the options hide. */
async function countOthers(manager: IdentitySessionManager, current: IdentitySession): Promise<number> {
  const { totalCount = 1 } = await manager.search(current, { skip: 0, take: 1 });
  return Math.max(0, totalCount - 1);
}

function showSession({
  manager,
  dialect,
  readerOf,
  documentOf,
  signInMethodOf,
}: AccountParts): RequestHandler {
  return pageHandler(dialect, async (request, response) => {
    const current = sessionOf(request);
    const reader = readerOf(request);
    const id = idOf(request);
    const session = id === current.sessionId ? current : await manager.get(current, id);
    const described = manager.describe(session);
    const content = sessionDetails({
      described,
      reader,
      base: baseOf(request),
      isCurrent: session.sessionId === current.sessionId,
      method: signInMethodOf?.(session),
    });
    const title = titleOf(described, reader);
    await sendPage(
      documentOf({ title, content, back: backOf(request, reader) }, reader, request),
      request,
      response,
    );
  });
}

function backOf(request: Request, { texts }: Reader): PageShape['back'] {
  return { path: homeOf(request), text: texts.session.back };
}

function idOf(request: Request): string {
  return String(idParameter(request));
}

function nameSession({ manager, dialect }: AccountParts): RequestHandler {
  return pageHandler(dialect, async (request, response) => {
    const current = sessionOf(request);
    const { sessionId } = await manager.get(current, idOf(request));
    const name = fieldValue(request, 'name')?.trim() || null;
    if (!(await manager.update(sessionId, { name }))) throw plainRefusal('session-not-found');
    seeOther(response, homeOf(request), name === null ? 'name-removed' : 'named');
  });
}

/** Shows the question that the dialog asks if scripts run. */
function askBefore({ manager, dialect, readerOf, documentOf, checkRecency }: AccountParts): RequestHandler {
  return pageHandler(dialect, async (request, response) => {
    const reader = readerOf(request);
    const choice = choiceIn(request);
    const current = sessionOf(request);
    const which = revocationOf(choice, current);
    if (which !== undefined && reachesOthers(which, current)) checkRecency(request, current);
    if (choice.which === 'selected' && choice.ids.length === 0) {
      response.status(400);
      const content = problemBox(reader.texts.confirm.nothingSelected);
      const page = { title: reader.texts.problem.title, content, back: backOf(request, reader) };
      await sendPage(documentOf(page, reader, request), request, response);
      return;
    }
    const question = await questionAbout(choice, manager, reader, request);
    const content = confirmForm(question, reader);
    await sendPage(
      documentOf({ title: reader.texts.account.title, content }, reader, request),
      request,
      response,
    );
  });
}

async function questionAbout(
  choice: Choice,
  manager: IdentitySessionManager,
  reader: Reader,
  request: Request,
): Promise<Question> {
  const current = sessionOf(request);
  const { confirm } = reader.texts;
  const form = { action: `${baseOf(request)}/end`, fields: fieldsOf(choice), cancel: homeOf(request) };
  if (choice.which === 'others') {
    const count = await countOthers(manager, current);
    return { ...form, title: reader.plural(confirm.others, count), effect: confirm.severalEffect };
  }
  if (choice.which === 'selected') {
    const title = reader.plural(confirm.several, choice.ids.length);
    return { ...form, title, effect: confirm.severalEffect };
  }
  const described = manager.describe(await manager.get(current, choice.id));
  const isCurrent = described.session.sessionId === current.sessionId;
  const title = isCurrent
    ? confirm.current
    : reader.filled(confirm.one, { title: titleOf(described, reader) });
  return { ...form, title, effect: confirm[effectName(described, isCurrent)] };
}

function endSessions({ manager, dialect, checkRecency }: AccountParts): RequestHandler {
  return pageHandler(dialect, async (request, response) => {
    const current = sessionOf(request);
    const which = revocationOf(choiceIn(request), current);
    if (which === undefined) return seeOther(response, homeOf(request), 'ended-none');
    if (reachesOthers(which, current)) checkRecency(request, current);
    const endsCurrent = covers(which, current);
    const reason = endsCurrent && which.only?.length === 1 ? 'signed-out' : 'revoked';
    const ended = await manager.revoke(which, { reason, by: actingUser(current) });
    if (endsCurrent) {
      const clear = mustClearCookie(which, current, request, dialect);
      // Without a cookie to clear, the next request of the browser is led to the sign-in page by the guard.
      return send(response, dialect.revoked(clear, request, current));
    }
    const count = String(ended.length);
    seeOther(response, homeOf(request), ended.length === 0 ? 'ended-none' : 'ended', { count });
  });
}
