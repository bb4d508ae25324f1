import type { Request } from 'express';

import { keyedId, type Key } from '../session/keyed-hash';
import { isSessionId } from '../session/credentials';
import type { Owner } from '../session/session';

/** The part of an express-session that this package uses. Its other properties are the app's. */
export interface ForeignSession {
  /** The link to the session of this package, if the request had one before. */
  identitySession?: unknown;
  save(done: (error?: unknown) => void): unknown;
  destroy(done: (error?: unknown) => void): unknown;
}

interface ForeignStore {
  get(sid: string, done: (error?: unknown, theirs?: unknown) => void): unknown;
}

/**
 * Names the session of this package that belongs to an express-session. It is kept in the express-session's own data. Without an
 * owner, the named session has ended by a sign-out, and the next sign-in needs another one.
 */
export interface Link {
  readonly sessionId: string;
  readonly owner?: Owner;
}

/** Returns the express-session of the request, or undefined if the app has destroyed it. */
export function foreignSession(request: Request): ForeignSession | undefined {
  return (request as unknown as { readonly session?: ForeignSession | null }).session ?? undefined;
}

/** Returns the id of the express-session. It is a credential, so it must not be stored or logged. */
export function sidOf(request: Request): string {
  return (request as unknown as { readonly sessionID: string }).sessionID;
}

/** Returns the link in the express-session, or undefined if it has none. */
export function linkIn(theirs: ForeignSession | undefined): Link | undefined {
  const link = theirs?.identitySession as Partial<Link> | null | undefined;
  if (!isSessionId(link?.sessionId)) return undefined;
  const { sessionId, owner } = link as Link;
  return typeof owner?.userId === 'string' ? { sessionId, owner } : { sessionId };
}

export function setLink(theirs: ForeignSession, { sessionId, owner }: Link): void {
  theirs.identitySession = {
    sessionId,
    ...(owner && { owner: { tenantId: owner.tenantId ?? null, userId: owner.userId } }),
  };
}

/**
 * Returns the id of the session that belongs to an express-session without a link. Parallel requests get the same id, so that
 * they open one session.
 * @param previous The session that ended before in the same express-session.
 */
export function derivedId(key: Key, sid: string, owner: Owner, previous: string | undefined): string {
  const seed = JSON.stringify([sid, owner.tenantId ?? null, owner.userId, previous ?? null]);
  return keyedId(key, 'express-session', seed, owner);
}

/** Stores the express-session now. */
export function saved(theirs: ForeignSession): Promise<void> {
  return called((done) => theirs.save(done));
}

/** Destroys the express-session of the request, if it still exists. */
export async function destroyed(request: Request): Promise<void> {
  const theirs = foreignSession(request);
  if (theirs !== undefined) await called((done) => theirs.destroy(done));
}

/** Returns true if the store of express-session still has the session, or cannot say. */
export async function isStored(request: Request, sid: string): Promise<boolean> {
  const { sessionStore } = request as unknown as { readonly sessionStore: ForeignStore };
  try {
    let found: unknown;
    await called((done) =>
      sessionStore.get(sid, (error, theirs) => {
        found = theirs;
        done(error);
      }),
    );
    return found !== undefined && found !== null;
  } catch {
    return true;
  }
}

/** Also rejects if the function throws, because stores may do either. */
function called(act: (done: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    act((error) => {
      if (error === undefined || error === null) resolve();
      else
        reject(
          error instanceof Error ? error : new Error('The store of express-session failed', { cause: error }),
        );
    });
  });
}
