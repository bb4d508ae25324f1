import { invalidRequest } from '../errors';
import { checkScope, type Names } from '../options/reader';
import { parsedSessionId } from './credentials';
import { sameOwner, type IdentitySession, type Owner } from './session';
import { optionalText, text } from './text';

/**
 * Which sessions an act ends. It always names an owner first: "end session X, whoever owns it" cannot be said with it,
 * so a request can never end somebody else's session.
 */
export interface Revocation {
  readonly owner: Owner;
  /** Only these sessions; all of the owner's when absent. */
  readonly only?: readonly string[];
  /** Never this session. */
  readonly except?: string;
  /** Only sessions of this kind of device. */
  readonly device?: string;
}

/** These sessions of the owner. */
export function sessionsOf(owner: Owner, ids: readonly string[]): Revocation {
  return { owner: ownerOf(owner), only: ids };
}

/** All of the owner's sessions. */
export function everySessionOf(owner: Owner): Revocation {
  return { owner: ownerOf(owner) };
}

/** All of the owner's sessions but one. */
export function otherSessionsOf(owner: Owner, kept: string): Revocation {
  return { owner: ownerOf(owner), except: kept };
}

const PARTS: Names<Revocation> = { owner: true, only: true, except: true, device: true };

/**
 * The revocation as stores may be given it.
 * @throws SessionError `invalid-request`
 * @throws TypeError for what is no revocation
 */
export function checkedRevocation(which: Revocation): Revocation {
  if (typeof which === 'string') {
    throw new TypeError(
      'a session is ended as one of its owner: write `manager.revoke(sessionsOf(owner, [id]))`, or `manager.administration.revoke(id)` whoever it belongs to',
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
 * The owner as stores may be given it.
 * @throws SessionError `invalid-request`
 * @throws TypeError for what is no owner
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
 * The id of a session that must not end. What is none is refused: passed over, it would end the session with the others.
 * @throws SessionError `invalid-request`
 */
export function keptId(name: string, given: unknown): string {
  const id = parsedSessionId(given);
  if (id === undefined) throw invalidRequest(name, `"${name}" must be the id of a session.`);
  return id;
}

/** Whether the revocation ends the session. */
export function covers(revocation: Revocation, session: IdentitySession): boolean {
  return (
    sameOwner(revocation.owner, session) &&
    (revocation.only === undefined || revocation.only.includes(session.sessionId)) &&
    revocation.except !== session.sessionId &&
    (revocation.device === undefined || revocation.device === session.device)
  );
}

/**
 * What becomes of a user's other sessions when the user signs in, in ABP's words.
 * - `Disabled`: nothing.
 * - `LogoutFromSameTypeDevices`: those of the same kind of device end.
 * - `LogoutFromAllDevices`: all end.
 */
export type PreventConcurrentLogin = (typeof CONCURRENCY)[number];

/** From the mildest to the strictest, in the order of ABP's numbers. */
export const CONCURRENCY = ['Disabled', 'LogoutFromSameTypeDevices', 'LogoutFromAllDevices'] as const;

/** What a sign-in displaces under the rule, or undefined for nothing. */
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
      'an owner is an object with a `userId`, such as a session: write `{ userId, tenantId }`',
    );
  }
  const { tenantId = null, userId } = owner;
  return { tenantId, userId };
}
