import { json, Router, type Request, type RequestHandler } from 'express';

import { invalidRequest, SessionError } from '../../errors';
import type { Dialect } from '../../http/dialect';
import { bodyParseErrors } from '../../http/parse-errors';
import { asyncHandler, refuse, verbOptions } from '../../http/request';
import { checkOrigin } from '../../http/same-origin';
import type { IdentitySessionManager } from '../../manager/manager';
import { func } from '../../options/checks';
import type { OptionTable } from '../../options/reader';
import { isSessionId } from '../../session/credentials';
import { everySessionOf, sessionsOf } from '../../session/revocation';
import type { Owner } from '../../session/session';
import { openXchange } from './dialect';

/** The options of `closeSessionsRouter`. */
export interface CloseSessionsRouterOptions {
  /**
   * Decides if the request may end the sessions of other users. Required. Only the result `true` permits it. The function must
   * authenticate the caller itself, for example by a session that a guard has set, or by the header `Authorization`. If it
   * throws, nothing ends, and the event `failed` reports the error.
   */
  readonly isGranted: (request: Request) => boolean | Promise<boolean>;
  /**
   * Returns the user with the numbers that `authenticate` returns as `userNumber` and `contextNumber`, or undefined if there is
   * no such user. Default: user id and tenant id are the numbers, as text.
   */
  readonly ownerOf?:
    ((userId: number, contextId: number) => Owner | undefined | Promise<Owner | undefined>) | undefined;
  /**
   * Returns the tenant with the number that `authenticate` returns as `contextNumber`, or undefined if there is no such tenant.
   * Default: the tenant id is the number, as text.
   */
  readonly tenantOf?: ((contextId: number) => string | undefined | Promise<string | undefined>) | undefined;
}

const OPTIONS = {
  isGranted: {
    check: func<CloseSessionsRouterOptions['isGranted']>('a function of the request'),
    required: 'pass `isGranted: (request) => boolean`, which decides who may end the sessions of other users',
  },
  ownerOf: {
    default: (userId: number, contextId: number) => ({ userId: String(userId), tenantId: String(contextId) }),
    check: func<NonNullable<CloseSessionsRouterOptions['ownerOf']>>(),
  },
  tenantOf: { default: String, check: func<NonNullable<CloseSessionsRouterOptions['tenantOf']>>() },
} satisfies OptionTable<CloseSessionsRouterOptions>;

/** The largest number of entries in the body of a request. */
const MOST_NAMED = 1000;

/**
 * Creates a router with which administrators end the sessions of other users. Mount it at `/admin/v1/close-sessions`. Bodies
 * are JSON.
 *
 * | request | body | effect |
 * |---|---|---|
 * | `POST /by-id` | `{ "sessionIds": ["…"] }` | ends the sessions |
 * | `POST /by-user` | `{ "users": [{ "contextId": 1, "userId": 3 }] }` | ends all sessions of the users |
 * | `POST /by-context` | `{ "contextIds": [1] }` | ends all sessions of the contexts |
 *
 * The answers of the first two contain the ids of the sessions that ended: `{ "closed": ["…"] }`. The answer of the third is
 * `{}`, because one statement ends all sessions of a context. Sessions end on all nodes; the parameter `global` is ignored.
 * @throws TypeError if `manager` is not a manager or if options are invalid
 */
export function closeSessionsRouter(
  manager: IdentitySessionManager,
  options: CloseSessionsRouterOptions,
): Router {
  const { isGranted, ownerOf, tenantOf } = verbOptions('closeSessionsRouter', manager, options, OPTIONS);
  const dialect = withHttpStatus(openXchange(manager.settings, { generation: '8' }));

  async function endSessions(ids: readonly string[], by: string | null): Promise<object> {
    const closed: string[] = [];
    for (const id of ids) {
      const session = isSessionId(id) ? await manager.administration.find(id) : undefined;
      if (session === undefined) continue;
      closed.push(...(await manager.revoke(sessionsOf(session, [id]), { reason: 'administrator', by })));
    }
    return { closed };
  }

  async function endUsers(users: readonly NumberedUser[], by: string | null): Promise<object> {
    const closed: string[] = [];
    for (const { userId, contextId } of users) {
      const owner = await ownerOf(userId, contextId);
      if (owner === undefined) continue;
      closed.push(...(await manager.revoke(everySessionOf(owner), { reason: 'administrator', by })));
    }
    return { closed };
  }

  async function endContexts(contextIds: readonly number[], by: string | null): Promise<object> {
    for (const contextId of contextIds) {
      const tenantId = await tenantOf(contextId);
      // Without a tenant, the call would end the sessions of all.
      if (typeof tenantId === 'string') await manager.administration.revokeEverything({ tenantId }, { by });
    }
    return {};
  }

  function route<T>(field: string, isEntry: (value: unknown) => value is T, end: End<T>): RequestHandler[] {
    return [
      asyncHandler(dialect, async (request) => {
        const body = await end(entriesOf(request.body, field, isEntry), actorOf(request));
        return { status: 200, headers: { 'Cache-Control': 'no-store' }, cookies: [], body };
      }),
    ];
  }

  const router = Router();
  router.use(permissionCheck(manager, dialect, isGranted));
  // Only JSON, because forms of other sites cannot send it.
  router.use(json({ limit: '256kb' }), bodyParseErrors(dialect));
  router.post('/by-id', route('sessionIds', isString, endSessions));
  router.post('/by-user', route('users', isNumberedUser, endUsers));
  router.post('/by-context', route('contextIds', isNumber, endContexts));
  return router;
}

type End<T> = (entries: readonly T[], by: string | null) => Promise<object>;

/** A user as the protocol names it. */
interface NumberedUser {
  readonly userId: number;
  readonly contextId: number;
}

/** Administration uses the status of HTTP, unlike the rest of the protocol. */
function withHttpStatus(dialect: Dialect): Dialect {
  return {
    ...dialect,
    refusal: (error, request) => ({ ...dialect.refusal(error, request), status: error.status }),
  };
}

function permissionCheck(
  manager: IdentitySessionManager,
  dialect: Dialect,
  isGranted: CloseSessionsRouterOptions['isGranted'],
): RequestHandler {
  const { settings } = manager;

  async function check(request: Request): Promise<void> {
    checkOrigin(request, settings);
    let granted = false;
    try {
      granted = (await isGranted(request)) === true;
    } catch (error) {
      if (error instanceof SessionError) throw error;
      settings.report({ type: 'failed', task: 'permission', error });
    }
    if (!granted) throw new SessionError('permission-missing', 'You are not permitted to do this.');
  }

  return function permissionCheck(request, response, next) {
    check(request).then(
      () => next(),
      (error: unknown) => refuse(error, dialect, request, response, next),
    );
  };
}

/** Returns the user of the request as the actor, if a guard has set its session. */
function actorOf({ identitySession }: Request): string | null {
  return identitySession?.userId ?? null;
}

/**
 * Returns the entries of the list in the body. All of them are checked before anything ends.
 * @throws SessionError `invalid-request`
 */
function entriesOf<T>(body: unknown, field: string, isEntry: (value: unknown) => value is T): readonly T[] {
  const entries = (body as Readonly<Record<string, unknown>> | null | undefined)?.[field];
  if (
    Array.isArray(entries) &&
    entries.length > 0 &&
    entries.length <= MOST_NAMED &&
    entries.every(isEntry)
  ) {
    return entries;
  }
  throw invalidRequest(
    field,
    `"${field}" must be a list of 1 to ${MOST_NAMED} entries: send JSON such as ${EXAMPLES[field]}.`,
  );
}

const EXAMPLES: Readonly<Record<string, string>> = {
  sessionIds: '{"sessionIds":["4bb7202edae54094855b5a545d7123c3"]}',
  users: '{"users":[{"contextId":1,"userId":3}]}',
  contextIds: '{"contextIds":[1]}',
};

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isNumberedUser(value: unknown): value is NumberedUser {
  const { userId, contextId } = (value ?? {}) as Partial<NumberedUser>;
  return isNumber(userId) && isNumber(contextId);
}
