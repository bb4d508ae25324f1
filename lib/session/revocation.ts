import { invalidRequest } from '../errors';
import { checkScope, type Names } from '../options/reader';
import { parsedSessionId } from './credentials';
import { sameOwner, type IdentitySession, type Owner } from './session';
import { optionalText, text } from './text';

/**
 * Selects the sessions that a call ends. It always names an owner, so a request can never end the session of another user.
 */
export interface Revocation {
  readonly owner: Owner;
  /** The ids of the sessions to end. Default: all sessions of the owner. */
  readonly only?: readonly string[];
  /** The id of a session that is kept. */
  readonly except?: string;
  /** Ends only sessions on this kind of device. */
  readonly device?: string;
}

/** Selects sessions of the owner by their ids. */
export function sessionsOf(owner: Owner, ids: readonly string[]): Revocation {
  return { owner: ownerOf(owner), only: ids };
}

/** Selects all sessions of the owner. */
export function everySessionOf(owner: Owner): Revocation {
  return { owner: ownerOf(owner) };
}

/** Selects all sessions of the owner except one. */
export function otherSessionsOf(owner: Owner, kept: string): Revocation {
  return { owner: ownerOf(owner), except: kept };
}

const PARTS: Names<Revocation> = { owner: true, only: true, except: true, device: true };

/**
 * Returns the revocation with checked values.
 * @throws SessionError `invalid-request`
 * @throws TypeError if it is not a revocation
 */
export function checkedRevocation(which: Revocation): Revocation {
  if (typeof which === 'string') {
    throw new TypeError(
      '`revoke` needs the owner of the session: write `manager.revoke(sessionsOf(owner, [id]))`, or `manager.administration.revoke(id)` for a session of any user',
    );
  }
  checkScope('revoke', which, PARTS);
  const { owner, only, except, device } = which;
  return {
    owner: checkedOwner(owner),
    ...(only !== undefined && { only: parsedSessionIds(only) }),
    ...(except !== undefined && { except: keptId('except', except) }),
    ...(device !== undefined && { device: text('device', device, 64) }),
  };
}

/**
 * Returns the owner with checked values.
 * @throws SessionError `invalid-request`
 * @throws TypeError if it is not an owner
 */
export function checkedOwner(owner: Owner): Owner {
  const { tenantId, userId } = ownerOf(owner);
  return { tenantId: optionalText('tenantId', tenantId, 255), userId: text('userId', userId, 255) };
}

function parsedSessionIds(ids: readonly string[]): string[] {
  // An invalid id stays in the list as '', which no session has, so that `revoke` reports it as not found.
  if (Array.isArray(ids)) return ids.map((id) => parsedSessionId(id) ?? '');
  throw new TypeError('`only` must be a list of ids: write `sessionsOf(owner, [id])`');
}

/**
 * Returns the id of a session to keep. An invalid id is refused: if it were ignored, the session would end with the others.
 * @throws SessionError `invalid-request`
 */
export function keptId(name: string, given: unknown): string {
  const id = parsedSessionId(given);
  if (id === undefined) throw invalidRequest(name, '"{name}" must be the id of a session.');
  return id;
}

/** Returns true if the revocation ends the session. */
export function covers(revocation: Revocation, session: IdentitySession): boolean {
  return (
    sameOwner(revocation.owner, session) &&
    (revocation.only === undefined || revocation.only.includes(session.sessionId)) &&
    revocation.except !== session.sessionId &&
    (revocation.device === undefined || revocation.device === session.device)
  );
}

/** Returns true if the revocation may end other sessions than this one. */
export function reachesOthers(
  { only }: Revocation,
  { sessionId }: Pick<IdentitySession, 'sessionId'>,
): boolean {
  return only === undefined || only.some((id) => id !== sessionId);
}

/**
 * The rule about the user's other sessions at a sign-in. [Abp.Identity.PreventConcurrentLogin]
 * - `Disabled`: all sessions stay.
 * - `LogoutFromSameTypeDevices`: the sessions on the same kind of device end.
 * - `LogoutFromAllDevices`: all other sessions end.
 */
export type PreventConcurrentLogin = (typeof CONCURRENCY)[number];

/** The rules from the mildest to the strictest. */
export const CONCURRENCY = ['Disabled', 'LogoutFromSameTypeDevices', 'LogoutFromAllDevices'] as const;

/** Returns the revocation of the sessions that a sign-in displaces under the rule, or undefined. */
export function displacedBy(session: IdentitySession, rule: PreventConcurrentLogin): Revocation | undefined {
  switch (rule) {
    case 'Disabled':
      return undefined;
    case 'LogoutFromSameTypeDevices':
      return { owner: ownerOf(session), except: session.sessionId, device: session.device };
    case 'LogoutFromAllDevices':
      return otherSessionsOf(session, session.sessionId);
  }
}

function ownerOf(owner: Owner): Owner {
  if (typeof owner !== 'object' || owner === null) {
    throw new TypeError(
      'the owner must be an object with a `userId`, such as a session: write `{ userId, tenantId }`',
    );
  }
  const { tenantId = null, userId } = owner;
  return { tenantId, userId };
}
