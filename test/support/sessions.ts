import { mintSessionId } from '../../lib/session/credentials';
import { cutoffs, type Lifetimes } from '../../lib/session/lifetimes';
import { firstSecret, type RotationRules } from '../../lib/session/secret-rotation';
import { copyOf, type Owner, type StoredSession } from '../../lib/session/session';
import type { Admission, ListPage } from '../../lib/store/store';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export const LIFETIMES: Lifetimes = { short: HOUR, long: 7 * DAY, absolute: Infinity, autologin: true };

export const ROTATION: RotationRules = { rotateAfter: DAY, rotationGrace: 60_000 };

export const ALICE: Owner = { tenantId: null, userId: 'alice' };
export const BOB: Owner = { tenantId: null, userId: 'bob' };

/** A session as a sign-in creates it at `now`, with some fields replaced. */
export function aSession(now: number, said: Partial<StoredSession> = {}): StoredSession {
  return {
    sessionId: mintSessionId(now, { tenantId: said.tenantId ?? null, userId: said.userId ?? 'alice' }),
    ...firstSecret('a secret'),
    knownDevice: null,
    boundKey: null,
    boundAt: null,
    tenantId: null,
    userId: 'alice',
    clientId: null,
    actor: null,
    device: 'Web',
    deviceInfo: 'Firefox 140 on Linux',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    clientHints: null,
    signInAddress: '192.0.2.1',
    ipAddresses: ['192.0.2.1'],
    staySignedIn: false,
    idleTimeout: null,
    signedIn: now,
    authenticatedAt: said.signedIn ?? now,
    acr: null,
    amr: [],
    lastAccessed: null,
    extraProperties: {},
    data: {},
    protocolData: {},
    authId: null,
    node: null,
    endedAt: null,
    endReason: null,
    endedBy: null,
    name: null,
    ...said,
  };
}

/** An admission without limits. */
export function admission(now: number, said: Partial<Admission> = {}): Admission {
  return {
    displaces: [],
    cutoffs: cutoffs(LIFETIMES, now),
    ...said,
  };
}

/** A page that contains all sessions of an owner, also expired ones. */
export function aPage(said: Partial<ListPage> = {}): ListPage {
  const all = { short: -Infinity, long: -Infinity, absolute: -Infinity, hibernation: -Infinity };
  return { cutoffs: all, exceptClients: [], take: 1000, ...said };
}

/** Returns the fields of a session that a store has returned. It may be an entry of a cache, which has most of them as getters. */
export function fieldsOf(session: StoredSession | undefined): StoredSession | undefined {
  return session && copyOf(session);
}
