import { lru } from '../lru';
import { activeUntil, type Lifetimes } from '../session/lifetimes';
import { secretDueAt, secretStateOf, type RotationRules, type SecretState } from '../session/secret-rotation';
import {
  addUse,
  viewOf,
  type CommonFields,
  type IdentitySession,
  type RareFields,
  type StoredSession,
  type Use,
} from '../session/session';
import type { UnwrittenUses } from './unwritten-uses';

/** The names of `CommonFields`. */
const COMMON = [
  'tenantId',
  'clientId',
  'actor',
  'device',
  'deviceInfo',
  'userAgent',
  'clientHints',
  'staySignedIn',
  'idleTimeout',
  'acr',
  'amr',
] as const satisfies readonly (keyof CommonFields)[];

interface Rare extends RareFields, Pick<StoredSession, 'knownDevice' | 'boundKey' | 'defect'> {
  /** The time of the authentication. Null if it is that of the sign-in, and `unknown` if it is not known. */
  readonly authenticated: number | 'unknown' | null;
}

/** The names of `Rare` without `defect`. */
const RARE = [
  'knownDevice',
  'extraProperties',
  'data',
  'protocolData',
  'authId',
  'endedAt',
  'endReason',
  'endedBy',
  'boundAt',
  'boundKey',
  'name',
] as const satisfies readonly (keyof Rare)[];

/** The facts about secrets of a session that has rotated. */
type Rotated = Omit<SecretState, 'secretHash' | 'secretFamily' | 'signedIn'>;

const NEVER_ROTATED: Rotated = {
  secretIssuedAt: null,
  secretGivenAgain: 0,
  secretSalt: null,
  secretConfirmedAt: null,
  earlierSecretHashes: null,
  earlierAssurance: null,
};

function rotatedOf(session: StoredSession): Rotated {
  if (session.secretIssuedAt === null) return NEVER_ROTATED;
  const { secretHash: _hash, secretFamily: _family, signedIn: _at, ...rotated } = secretStateOf(session);
  return rotated;
}

/** The number of different groups of common fields that are remembered. Sessions beyond it are cached with groups of their own. */
const MOST_COMMON = 5000;

/** The rules from which the time follows before which nothing is due for a session. */
export interface DueRules {
  readonly lifetimes: Lifetimes;
  readonly rotation: RotationRules;
}

/**
 * A session as the cache holds it. Requests share it, so it changes only by `record`. It takes a third of the memory of a plain
 * object: groups of fields that are equal in many sessions are stored once. Spreads do not see its fields; use `copyOf`.
 */
export class CachedSession implements StoredSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly secretHash: string;
  readonly secretFamily: string | null;
  readonly signInAddress: string | null;
  readonly signedIn: number;
  ipAddresses: readonly string[];
  lastAccessed: number | null;
  node: string | null;
  nothingDueBefore = 0;
  /** True if it was used since the cache last looked for an entry to drop. */
  isRecent = false;
  /** The uses that `buffered` has recorded and not written. Undefined until `buffered` has added those to this object. */
  unwritten: UnwrittenUses | undefined;
  readonly #common: CommonFields;
  readonly #rare: Rare;
  readonly #rotated: Rotated;

  constructor(session: StoredSession, rules: DueRules) {
    this.sessionId = session.sessionId;
    this.userId = session.userId;
    this.secretHash = session.secretHash;
    this.secretFamily = session.secretFamily;
    this.signedIn = session.signedIn;
    this.lastAccessed = session.lastAccessed;
    this.node = sharedText(session.node);
    this.ipAddresses = sharedList(session.ipAddresses);
    const [first] = this.ipAddresses;
    this.signInAddress = session.signInAddress === first ? first : session.signInAddress;
    this.#common = commonOf(session);
    this.#rare = rareOf(session);
    this.#rotated = rotatedOf(session);
    this.renew(rules);
  }

  /** Computes `nothingDueBefore` again, after uses have changed it. */
  renew({ lifetimes, rotation }: DueRules): void {
    this.nothingDueBefore =
      this.defect === undefined
        ? Math.min(activeUntil(this, lifetimes), secretDueAt(this, rotation))
        : -Infinity;
  }

  view(): IdentitySession {
    return viewOf(this, this.#common, this.#rare);
  }

  /** Lets its unwritten uses forget this object when the cache drops it. Otherwise they would keep it in memory. */
  release(): void {
    if (this.unwritten?.entry === this) this.unwritten.entry = undefined;
  }

  /** Records a use. */
  record(use: Use): void {
    addUse(this, use);
  }

  get secretIssuedAt(): number | null {
    return this.#rotated.secretIssuedAt;
  }

  get secretGivenAgain(): number {
    return this.#rotated.secretGivenAgain;
  }

  get secretSalt(): string | null {
    return this.#rotated.secretSalt;
  }

  get secretConfirmedAt(): number | null {
    return this.#rotated.secretConfirmedAt;
  }

  get earlierSecretHashes(): string | null {
    return this.#rotated.earlierSecretHashes;
  }

  get earlierAssurance(): StoredSession['earlierAssurance'] {
    return this.#rotated.earlierAssurance;
  }

  get tenantId(): string | null {
    return this.#common.tenantId;
  }

  get clientId(): string | null {
    return this.#common.clientId;
  }

  get actor(): string | null {
    return this.#common.actor;
  }

  get device(): string {
    return this.#common.device;
  }

  get deviceInfo(): string | null {
    return this.#common.deviceInfo;
  }

  get userAgent(): string | null {
    return this.#common.userAgent;
  }

  get clientHints(): StoredSession['clientHints'] {
    return this.#common.clientHints;
  }

  get staySignedIn(): boolean {
    return this.#common.staySignedIn;
  }

  get idleTimeout(): number | null {
    return this.#common.idleTimeout;
  }

  get acr(): string | null {
    return this.#common.acr;
  }

  get amr(): readonly string[] {
    return this.#common.amr;
  }

  get authenticatedAt(): number | null {
    const { authenticated } = this.#rare;
    if (authenticated === null) return this.signedIn;
    return authenticated === 'unknown' ? null : authenticated;
  }

  get knownDevice(): string | null {
    return this.#rare.knownDevice;
  }

  get extraProperties(): StoredSession['extraProperties'] {
    return this.#rare.extraProperties;
  }

  get data(): StoredSession['data'] {
    return this.#rare.data;
  }

  get protocolData(): StoredSession['protocolData'] {
    return this.#rare.protocolData;
  }

  get authId(): string | null {
    return this.#rare.authId;
  }

  get endedAt(): number | null {
    return this.#rare.endedAt;
  }

  get endReason(): StoredSession['endReason'] {
    return this.#rare.endReason;
  }

  get endedBy(): string | null {
    return this.#rare.endedBy;
  }

  get boundAt(): number | null {
    return this.#rare.boundAt;
  }

  get boundKey(): string | null {
    return this.#rare.boundKey;
  }

  get name(): string | null {
    return this.#rare.name;
  }

  get defect(): Error | undefined {
    return this.#rare.defect;
  }
}

const commonFields = lru<CommonFields>(MOST_COMMON);

/** Returns the common fields of the session: the same object for equal ones. */
function commonOf(session: StoredSession): CommonFields {
  const key = JSON.stringify(COMMON.map((name) => session[name]));
  const known = commonFields.get(key);
  if (known !== undefined) return known;
  const { tenantId, clientId, actor, device, deviceInfo, userAgent } = session;
  const { clientHints, staySignedIn, idleTimeout, acr, amr } = session;
  const common = {
    tenantId,
    clientId,
    actor,
    device,
    deviceInfo,
    userAgent,
    clientHints,
    staySignedIn,
    idleTimeout,
    acr,
    amr,
  };
  commonFields.set(key, common);
  return common;
}

const EMPTY = Object.freeze({});

/** The rare fields of most sessions. */
const UNUSED: Rare = {
  authenticated: null,
  knownDevice: null,
  extraProperties: EMPTY,
  data: EMPTY,
  protocolData: EMPTY,
  authId: null,
  endedAt: null,
  endReason: null,
  endedBy: null,
  boundAt: null,
  boundKey: null,
  name: null,
};

/** Those of sessions that other systems have authenticated, at an unknown time. */
const UNUSED_AND_UNKNOWN: Rare = { ...UNUSED, authenticated: 'unknown' };

function rareOf(session: StoredSession): Rare {
  const { knownDevice, extraProperties, data, protocolData, authId } = session;
  const { endedAt, endReason, endedBy, boundAt, boundKey, name, defect } = session;
  const { signedIn, authenticatedAt } = session;
  const rare = {
    authenticated: authenticatedAt === signedIn ? null : (authenticatedAt ?? ('unknown' as const)),
    knownDevice,
    extraProperties,
    data,
    protocolData,
    authId,
    endedAt,
    endReason,
    endedBy,
    boundAt,
    boundKey,
    name,
    ...(defect && { defect }),
  };
  if (defect !== undefined || !RARE.every((field) => isUnused(rare[field]))) return rare;
  if (rare.authenticated === null) return UNUSED;
  return rare.authenticated === 'unknown' ? UNUSED_AND_UNKNOWN : rare;
}

function isUnused(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

const texts = lru<string>(MOST_COMMON);

/** Returns the same object for equal texts, so that it is in memory only once. */
function sharedText(text: string | null): string | null {
  if (text === null) return null;
  const known = texts.get(text);
  if (known !== undefined) return known;
  texts.set(text, text);
  return text;
}

const lists = lru<readonly string[]>(MOST_COMMON);

/** Returns the same frozen list for sessions that were only used from one and the same address. */
function sharedList(addresses: readonly string[]): readonly string[] {
  const [address] = addresses;
  if (address === undefined || addresses.length > 1) return addresses;
  const known = lists.get(address);
  if (known !== undefined) return known;
  lists.set(address, addresses);
  return addresses;
}
