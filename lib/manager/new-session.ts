import { types } from 'node:util';

import { invalidRequest } from '../errors';
import { checkNames, type Names } from '../options/reader';
import { messagesFor } from '../session/i18n/translations';
import {
  isSecret,
  mintSessionId,
  parsedSessionId,
  type Credentials,
  type SecretForm,
  type Transport,
} from '../session/credentials';
import { checkedClientHints, type ClientHints } from '../session/device/client-hints';
import { LONGEST_USER_AGENT } from '../session/device/describe';
import type { Device } from '../session/device/device';
import { IMPERSONATION, kindOfDevice } from '../session/device/kind';
import { checkedAcr, checkedAmr, type GivenAssurance } from '../session/assurance';
import { flagOf } from '../session/flag';
import { firstSecret } from '../session/secret-rotation';
import type { IdentitySession, JsonObject, ProtocolData, StoredSession } from '../session/session';
import type { Data } from '../session/session-data';
import { capped, optionalLabel, optionalText, jsonObject, text } from '../session/text';
import { displayName } from '../session/i18n/messages';
import { deviceHash } from './new-devices';
import type { Settings } from '../options/settings';

/** Describes a sign-in. The app has already authenticated the user. */
export interface SignIn extends GivenAssurance {
  /** The app's id of the user: 1 to 255 characters. */
  readonly userId: string;
  /** The tenant within which the user id is unique: at most 255 characters. Default: null, no tenant. */
  readonly tenantId?: string | null | undefined;
  /** The app's name of the client program: at most 64 characters. Default: null. */
  readonly clientId?: string | null | undefined;
  /**
   * The user who acts as the owner in this session, such as an administrator who helps a customer: the app's id, at most 255
   * characters. Such an impersonation has the kind `Impersonation`. It displaces no session and counts for no limit of the
   * owner. If it replaces the session of the request, that session continues, unless it is an impersonation too. Default: null.
   */
  readonly actor?: string | null | undefined;
  /**
   * The kind of device, for rules about concurrent logins: at most 64 characters. It does not apply to an impersonation.
   * Default: the result of the option `deviceOf`, or else the kind that follows from `clientId` and `transport`.
   */
  readonly device?: string | undefined;
  /** The `User-Agent` header of the request. It is cut to 512 characters. */
  readonly userAgent?: string | null | undefined;
  /** The client hints of the request: `clientHintsOf(request)`. Invalid members are ignored. Default: null. */
  readonly clientHints?: ClientHints | null | undefined;
  /** The address of the request, in any usual spelling. Text that is not an IP address counts as unknown. */
  readonly ipAddress?: string | null | undefined;
  /**
   * True lets the session hibernate after the short lifetime instead of ending. Also accepts what forms send, such as `on`, `1`
   * or `false`. Default: false.
   */
  readonly staySignedIn?: boolean | string | number | null | undefined;
  /** A JSON object of at most 16 KB that is kept as long as the session. */
  readonly extraProperties?: JsonObject | undefined;
  /** A JSON object of at most 16 KB that is kept until the session hibernates. */
  readonly data?: Data | undefined;
  /** Data that protocols need later in the session: one JSON object per protocol, under the protocol's name. */
  readonly protocolData?: ProtocolData | undefined;
  /** The id under which other systems log this sign-in: at most 128 characters, unique among the owner's live sessions. */
  readonly authId?: string | null | undefined;
  /**
   * A UUID for the session, chosen by the app's own code and never by a request: `newSessionId(owner)`. Another UUID is accepted if
   * the table of sessions is not partitioned. A partitioned table refuses it with `invalid-request`, because the id of a session
   * must name the bucket of its owner. Default: a new one.
   */
  readonly sessionId?: string | undefined;
  /**
   * The time when the app checked the password or the other credentials. If they changed after it, the sign-in is refused with
   * `credential-changed`. Default: the arrival of the request if `signInLimiter` is mounted, and otherwise now.
   */
  readonly credentialsCheckedAt?: Date | undefined;
  /**
   * The time when the user was authenticated, for example an identity provider's `auth_time`, or null if it is unknown. It can be
   * long before `credentialsCheckedAt`. `requireRecent` compares it. Default: `credentialsCheckedAt`, or else now; unknown for an
   * impersonation.
   */
  readonly authenticatedAt?: Date | null | undefined;
  /** The transport of the credentials, from which the kind of device follows. Default: `cookie`. */
  readonly transport?: Transport | undefined;
  /** The form of the secret. Default: `base64url`. */
  readonly secretForm?: SecretForm | undefined;
  /** The session of the request, or its credentials. It ends in favour of the new session. */
  readonly replaces?: Credentials | IdentitySession | undefined;
  /**
   * The secret token of the device on which the user signs in, which only this device has: 43 characters of base64url. With it,
   * `onNewDevice` is called for a new device. Only its hash is stored. `createSignIn` takes it from the device cookie. Default: none.
   */
  readonly deviceToken?: string | undefined;
  /**
   * Ids of sessions of the user that end in favour of the new session, with the reason `revoked`. They do not count for limits. If
   * the sign-in is refused, they stay. At most 400.
   */
  readonly ends?: readonly string[] | undefined;
}

/** The longest kind of device, in characters. */
const LONGEST_KIND = 64;

/** The known names. A misspelt `staySignedin` would end a session that should stay. */
const SIGN_IN: Names<SignIn> = {
  userId: true,
  tenantId: true,
  clientId: true,
  actor: true,
  device: true,
  userAgent: true,
  clientHints: true,
  ipAddress: true,
  staySignedIn: true,
  extraProperties: true,
  data: true,
  protocolData: true,
  authId: true,
  sessionId: true,
  credentialsCheckedAt: true,
  authenticatedAt: true,
  acr: true,
  amr: true,
  transport: true,
  secretForm: true,
  replaces: true,
  ends: true,
  deviceToken: true,
};

/**
 * Returns the session that a sign-in opens.
 * @param rotates False if the secret must stay the same, for example because no response carries a new one to the client.
 * @throws SessionError `invalid-request` if a value is too long or contains invalid characters
 * @throws TypeError if the app's own code passes values of a wrong type
 */
export function newSession(
  signIn: SignIn,
  secret: string,
  settings: Settings,
  { rotates = true } = {},
): StoredSession {
  checkNames('signIn', signIn, SIGN_IN);
  if (typeof signIn.userId !== 'string') {
    throw new TypeError(
      `\`userId\` is a ${typeof signIn.userId}, but must be a string: write \`String(user.id)\``,
    );
  }
  checkDate('credentialsCheckedAt', signIn.credentialsCheckedAt);
  if (signIn.authenticatedAt !== null) checkDate('authenticatedAt', signIn.authenticatedAt);
  checkEnds(signIn.ends);
  const now = settings.clock.now();
  const clientId = optionalLabel('clientId', signIn.clientId, 64);
  const actor = optionalText('actor', signIn.actor, 255);
  const userAgent = capped(signIn.userAgent, LONGEST_USER_AGENT);
  const clientHints = checkedClientHints(signIn.clientHints);
  const device = settings.describeDevice(userAgent, clientId, clientHints);
  const address = settings.keptAddress(signIn.ipAddress);
  const tenantId = optionalText('tenantId', signIn.tenantId, 255);
  const userId = text('userId', signIn.userId, 255);
  const { sessionId } = signIn;
  return {
    sessionId: sessionId === undefined ? mintSessionId(now, { tenantId, userId }) : givenId(sessionId),
    ...firstSecret(secret, { rotates }),
    knownDevice: actor === null ? deviceOf(signIn) : null,
    tenantId,
    userId,
    clientId,
    actor,
    device: actor === null ? kindOf(signIn, clientId, device, settings) : IMPERSONATION,
    deviceInfo: capped(displayName(device, messagesFor(null, settings.translations)), 256),
    userAgent,
    clientHints,
    signInAddress: address,
    ipAddresses: Object.freeze(address === null ? [] : [address]),
    staySignedIn: flagOf('staySignedIn', signIn.staySignedIn),
    // The manager adds the policy's when it has read the policy.
    idleTimeout: null,
    signedIn: now,
    authenticatedAt: authenticatedAt(signIn, actor, now),
    acr: checkedAcr(signIn.acr),
    amr: checkedAmr(signIn.amr),
    lastAccessed: null,
    extraProperties: jsonObject('extraProperties', signIn.extraProperties ?? {}),
    data: jsonObject('data', signIn.data ?? {}),
    protocolData: checkedProtocolData(signIn.protocolData ?? {}),
    authId: optionalText('authId', signIn.authId, 128),
    node: settings.nodeId,
    endedAt: null,
    endReason: null,
    endedBy: null,
    boundAt: null,
    boundKey: null,
    name: null,
  };
}

/**
 * Returns the kind of device that the sign-in names, or else the result of the app's `deviceOf`, or else the default. A wrong
 * result is the app's mistake, so it is not a refusal.
 */
function kindOf(signIn: SignIn, clientId: string | null, device: Device, { deviceOf }: Settings): string {
  const named = optionalLabel('device', signIn.device, LONGEST_KIND);
  if (named !== null) return named;
  const kind: unknown = deviceOf?.(clientId, device);
  if (kind === undefined) return kindOfDevice(clientId, signIn.transport ?? 'cookie');
  if (typeof kind === 'string' && kind !== '' && kind.length <= LONGEST_KIND) {
    return optionalLabel('device', kind, LONGEST_KIND)!;
  }
  throw new TypeError(
    `\`deviceOf\` must return a string of 1 to ${LONGEST_KIND} characters, such as "Mobile", or undefined`,
  );
}

/** A time in the future would make the authentication count as recent for too long. */
function authenticatedAt(signIn: SignIn, actor: string | null, now: number): number | null {
  // The owner was not authenticated for an impersonation.
  const unknown = actor === null ? (signIn.credentialsCheckedAt ?? new Date(now)) : null;
  const { authenticatedAt: at = unknown } = signIn;
  return at && Math.min(at.getTime(), now);
}

/** An impersonation is not a sign-in of the owner, so its device is not remembered. */
function deviceOf({ deviceToken, tenantId, userId }: SignIn): string | null {
  if (deviceToken === undefined) return null;
  if (isSecret(deviceToken)) return deviceHash({ tenantId: tenantId ?? null, userId }, deviceToken);
  throw new TypeError('`deviceToken` must be 43 characters of base64url: 32 random bytes');
}

function givenId(id: string): string {
  const plain = parsedSessionId(id);
  if (plain !== undefined) return plain;
  throw new TypeError('`sessionId` must be a UUID: 32 hexadecimal digits, with dashes or without');
}

/**
 * Returns the data of protocols, checked.
 * @throws TypeError if it is not a JSON object, or the value under a name is not one
 */
export function checkedProtocolData(given: ProtocolData): ProtocolData {
  const checked = jsonObject('protocolData', given);
  for (const [name, data] of Object.entries(given)) jsonObject(`protocolData.${name}`, data);
  return checked as ProtocolData;
}

/** The largest number of sessions that a sign-in may end by their ids. One statement can end more, so it ends all or none. */
const MOST_CHOSEN = 400;

function checkEnds(ends: unknown): void {
  if (ends === undefined || (Array.isArray(ends) && ends.length <= MOST_CHOSEN)) return;
  throw invalidRequest('ends', '"{name}" must be a list of at most {most} ids of sessions.', {
    most: MOST_CHOSEN,
  });
}

/** Also accepts a `Date` of another realm. */
const { isDate } = types;

/** @throws TypeError */
export function checkDate(name: string, value: unknown): void {
  if (value === undefined || (isDate(value) && !Number.isNaN(value.getTime()))) return;
  throw new TypeError(`\`${name}\` must be a valid Date`);
}
