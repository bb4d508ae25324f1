import { checkNames, type Names } from '../options/reader';
import { messagesFor } from '../session/i18n/translations';
import { mintSessionId, parsedSessionId, type Credentials, type SecretForm } from '../session/credentials';
import { LONGEST_USER_AGENT } from '../session/device/describe';
import type { Device } from '../session/device/device';
import { ipAddress } from '../session/ip-address';
import type { ProtocolData, StoredSession } from '../session/session';
import { capped, optionalText, jsonObject, text } from '../session/text';
import { displayName } from '../session/i18n/messages';
import type { Settings } from '../options/settings';

/** Who signs in, with what and from where. The app has authenticated the user; nothing here sees a password. */
export interface SignIn {
  /** The app's own id of the user, 255 characters at the most. */
  readonly userId: string;
  /** The tenant within which that id means something, 255 characters at the most; none when absent. */
  readonly tenantId?: string | null | undefined;
  /** The app's word for the client program, 64 characters at the most. */
  readonly clientId?: string | null | undefined;
  /** The kind of device, for rules about concurrent logins, 64 characters at the most; when absent what `deviceOf` says. */
  readonly device?: string | undefined;
  /** The `User-Agent` of the request: cut to 512 characters. */
  readonly userAgent?: string | null | undefined;
  /** The address of the request, in any usual spelling; text that is none counts as absent. */
  readonly ipAddress?: string | null | undefined;
  /** Whether the session may hibernate after the short lifetime. `false` when absent. */
  readonly staySignedIn?: boolean | undefined;
  /** Any JSON object of up to 16 KB, kept with the session. */
  readonly extraProperties?: Readonly<Record<string, unknown>> | undefined;
  /** Any JSON object of up to 16 KB, kept until the session hibernates. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  /** Data that protocols need later in the session: one JSON object per protocol, under the protocol's name. */
  readonly protocolData?: ProtocolData | undefined;
  /** The id under which other systems know the sign-in, 128 characters at the most; no other live session may have it. */
  readonly authId?: string | null | undefined;
  /** A UUID for the session, such as `crypto.randomUUID()`: of the app's own code, never of a request. A new one when absent. */
  readonly sessionId?: string | undefined;
  /** What the secret looks like; `base64url` when absent. */
  readonly secretForm?: SecretForm | undefined;
  /** The credentials that came in with the request; their session ends in favour of the new one. */
  readonly replaces?: Credentials | undefined;
}

/** Of a kind of device, in characters. */
const LONGEST_KIND = 64;

/** The names, so that a misspelt one is noticed: `staySignedin` would end a session that was to stay. */
const SIGN_IN: Names<SignIn> = {
  userId: true,
  tenantId: true,
  clientId: true,
  device: true,
  userAgent: true,
  ipAddress: true,
  staySignedIn: true,
  extraProperties: true,
  data: true,
  protocolData: true,
  authId: true,
  sessionId: true,
  secretForm: true,
  replaces: true,
};

/**
 * The session that a sign-in opens.
 * @throws SessionError `invalid-request` for what cannot be kept
 * @throws TypeError when the app gives something that is not what `SignIn` says
 */
export function newSession(signIn: SignIn, secretHash: string, settings: Settings): StoredSession {
  checkNames('signIn', signIn, SIGN_IN);
  if (typeof signIn.userId !== 'string') {
    throw new TypeError(`\`userId\` must be text, and is ${typeof signIn.userId}: write \`String(user.id)\``);
  }
  const now = settings.clock.now();
  const clientId = optionalText('clientId', signIn.clientId, 64);
  const userAgent = capped('userAgent', signIn.userAgent, LONGEST_USER_AGENT);
  const device = settings.describeDevice(userAgent, clientId);
  const address = ipAddress(signIn.ipAddress);
  return {
    sessionId: signIn.sessionId === undefined ? mintSessionId(now) : givenId(signIn.sessionId),
    secretHash,
    tenantId: optionalText('tenantId', signIn.tenantId, 255),
    userId: text('userId', signIn.userId, 255),
    clientId,
    device: text('device', signIn.device ?? kindOf(clientId, device, settings), LONGEST_KIND),
    deviceInfo: capped('deviceInfo', displayName(device, messagesFor(null, settings.translations)), 256),
    userAgent,
    ipAddresses: Object.freeze(address === null ? [] : [address]),
    staySignedIn: signIn.staySignedIn === true,
    signedIn: now,
    lastAccessed: null,
    extraProperties: jsonObject('extraProperties', signIn.extraProperties ?? {}),
    data: jsonObject('data', signIn.data ?? {}),
    protocolData: checkedProtocolData(signIn.protocolData ?? {}),
    authId: optionalText('authId', signIn.authId, 128),
    node: settings.nodeId,
    endedAt: null,
    endReason: null,
    endedBy: null,
  };
}

/** The kind of device that the app's `deviceOf` says it is: what it answers wrongly is no mistake of the client's. */
function kindOf(clientId: string | null, device: Device, { deviceOf }: Settings): string {
  const kind: unknown = deviceOf(clientId, device);
  if (typeof kind === 'string' && kind !== '' && kind.length <= LONGEST_KIND) return kind;
  throw new TypeError(
    `\`deviceOf\` answered what is no kind of device: it must be text of 1 to ${LONGEST_KIND} characters, such as "Mobile"`,
  );
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
