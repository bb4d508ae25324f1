import type { Device, DeviceName, Product } from './device';

/** A service that programs use over WebDAV. Its name is the client id of their sign-ins. */
export type DavService = SyncService | FileService;

type SyncService = 'CALDAV' | 'CARDDAV';
type FileService = 'WEBDAV_INFOSTORE' | 'WEBDAV_VCARD' | 'WEBDAV_ICAL';

/** Returns the device of a program that uses the service. `os` is the operating system in its user agent, if any. */
export function davDevice(service: DavService, userAgent: string, os: Product | null): Device {
  return service === 'CALDAV' || service === 'CARDDAV'
    ? syncDevice(service, userAgent, os)
    : fileDevice(service, userAgent);
}

/** The rule that recognizes a program. */
interface Agent {
  /** The user agent contains one of these texts. */
  readonly tokens: readonly string[];
  /** A further condition on the user agent. */
  readonly where?: (userAgent: string) => boolean;
}

interface SyncAgent extends Agent {
  readonly type?: 'oxapp';
  /** Missing if user interfaces have no picture for the program. */
  readonly family?: string;
  readonly name: DeviceName;
  /** A short name. The default is the token in lower case. */
  readonly client?: string;
  /** Its operating system. Null means that it is unknown. If missing, the user agent decides. */
  readonly os?: string | null;
}

interface FileAgent extends Agent {
  readonly program: string;
  readonly os: string;
}

const BOTH = 'CalDAV/CardDAV';

/** The first rule that matches decides. */
const SYNC_AGENTS: readonly SyncAgent[] = [
  {
    tokens: ['com.openexchange.mobile.syncapp.enterprise'],
    type: 'oxapp',
    family: 'oxsyncapp',
    name: { program: 'OX Sync', system: 'Android', protocols: BOTH },
    client: 'ox sync',
    os: 'android',
  },
  {
    tokens: ['org.dmfs.carddav.sync'],
    family: 'carddav_sync',
    name: { program: 'CardDAV-Sync', system: 'Android', protocols: 'CardDAV' },
    client: 'carddav-sync',
    os: 'android',
  },
  {
    tokens: ['org.dmfs.caldav.sync'],
    family: 'caldav_sync',
    name: { program: 'CalDAV-Sync', system: 'Android', protocols: 'CalDAV' },
    client: 'caldav-sync',
    os: 'android',
  },
  {
    tokens: ['SmoothSync'],
    type: 'oxapp',
    family: 'oxsyncapp',
    name: { program: 'SmoothSync', system: 'Android', protocols: BOTH },
    os: 'android',
  },
  {
    tokens: ['DAVx5'],
    name: { program: 'DAVx⁵', system: 'Android', protocols: BOTH },
    os: 'android',
  },
  {
    tokens: ['DAVdroid'],
    family: 'davdroid',
    name: { program: 'DAVdroid', system: 'Android', protocols: BOTH },
    os: 'android',
  },
  {
    tokens: ['Thunderbird'],
    where: has('Mozilla'),
    family: 'thunderbird_lightning',
    name: { program: 'Mozilla Thunderbird / Lightning', protocols: 'CalDAV' },
  },
  {
    tokens: ['remindd'],
    where: isIos,
    name: { program: 'iOS Reminders', protocols: 'CalDAV' },
    os: 'ios',
  },
  {
    tokens: ['dataaccessd', 'accountsd'],
    where: isIos,
    family: 'ios_calendar/addressbook',
    name: { program: 'iOS Addressbook and Calendar', protocols: BOTH },
    os: 'ios',
  },
  {
    tokens: ['CalDavSynchronizer'],
    name: { program: 'Outlook CalDav Synchronizer', protocols: BOTH },
    os: 'windows',
  },
  {
    tokens: ['MSFT-WP'],
    where: (userAgent) => userAgent.startsWith('MSFT-WP'),
    family: 'windows_phone',
    name: { program: 'Windows Phone Contacts and Calendar', protocols: BOTH },
    os: null,
  },
  {
    tokens: ['MSFT-WIN'],
    where: (userAgent) => userAgent.startsWith('MSFT-WIN'),
    family: 'windows',
    name: { program: 'Windows Contacts and Calendar', protocols: BOTH },
    os: 'windows',
  },
  {
    tokens: ['CalendarStore', 'CalendarAgent'],
    where: has('Mac OS', 'Mac+OS', 'macOS'),
    family: 'macos_calendar',
    name: { program: 'Mac OS Calendar', protocols: 'CalDAV' },
    os: 'macos',
  },
  {
    tokens: ['AddressBook'],
    where: has('Mac OS', 'Mac_OS', 'macOS'),
    family: 'macos_addressbook',
    name: { program: 'Mac OS Addressbook', protocols: 'CardDAV' },
    os: 'macos',
  },
  {
    tokens: ['eM Client for OX App Suite'],
    family: 'emclient_appsuite',
    name: { program: 'eM Client for OX App Suite', protocols: BOTH },
    os: 'windows',
  },
  {
    tokens: ['eM Client', 'eMClient'],
    family: 'emclient',
    name: { program: 'eM Client', protocols: BOTH },
    client: 'em client',
    os: 'windows',
  },
  {
    tokens: ['akonadi'],
    family: 'akonadi',
    name: { program: 'KDE/Plasma DAV Client' },
    os: 'linux',
  },
];

/** The first rule that matches decides. */
const FILE_AGENTS: readonly FileAgent[] = [
  { tokens: ['Microsoft-WebDAV'], program: 'Windows Explorer', os: 'windows' },
  { tokens: ['WebDAVFS'], where: has('Darwin'), program: 'macOS Finder', os: 'macos' },
  { tokens: ['dolphin'], program: 'Dolphin', os: 'linux' },
  { tokens: ['konqueror'], program: 'Konqueror', os: 'linux' },
  { tokens: ['gvfs'], program: 'Nautilus/Nemo/Thunar/Caja', os: 'linux' },
  { tokens: ['davfs2', 'neon'], program: 'DavFS2', os: 'linux' },
];

const FILE_SERVICES: Readonly<Record<FileService, string>> = {
  WEBDAV_INFOSTORE: 'WebDAV InfoStore',
  WEBDAV_VCARD: 'WebDAV VCard',
  WEBDAV_ICAL: 'WebDAV iCal',
};

function syncDevice(service: SyncService, userAgent: string, os: Product | null): Device {
  const generic = service === 'CALDAV' ? 'generic_caldav' : 'generic_carddav';
  const found = find(SYNC_AGENTS, userAgent);
  if (found === undefined) {
    const protocols = service === 'CALDAV' ? 'CalDAV' : 'CardDAV';
    const name = { program: 'Sync Client', protocols };
    return { type: 'dav', family: generic, os: null, client: null, name };
  }
  const { agent, token } = found;
  return {
    type: agent.type ?? 'dav',
    family: agent.family ?? generic,
    os: agent.os === undefined || agent.os === os?.name ? os : system(agent.os),
    client: { name: agent.client ?? token.toLowerCase(), version: versionAfter(token, userAgent) },
    name: { ...agent.name },
  };
}

function fileDevice(service: FileService, userAgent: string): Device {
  const agent = find(FILE_AGENTS, userAgent)?.agent;
  const program = agent?.program ?? FILE_SERVICES[service];
  return {
    type: 'dav',
    family: 'webdav',
    os: system(agent === undefined ? mobileSystem(userAgent) : agent.os),
    client: { name: agent === undefined ? program : `${program} (WebDAV)`, version: null },
    name: { program, protocols: agent && 'WebDAV' },
  };
}

function find<A extends Agent>(
  agents: readonly A[],
  userAgent: string,
): { agent: A; token: string } | undefined {
  for (const agent of agents) {
    const token = agent.tokens.find((each) => userAgent.includes(each));
    if (token !== undefined && (agent.where?.(userAgent) ?? true)) return { agent, token };
  }
  return undefined;
}

function has(...texts: readonly string[]): (userAgent: string) => boolean {
  return (userAgent) => texts.some((text) => userAgent.includes(text));
}

function isIos(userAgent: string): boolean {
  return userAgent.includes('iOS') && !userAgent.includes('Android');
}

function mobileSystem(userAgent: string): string | null {
  if (has('iOS', 'iPhone', 'iPad')(userAgent)) return 'ios';
  return userAgent.includes('Android') ? 'android' : null;
}

function system(name: string | null): Product | null {
  return name === null ? null : { name, version: null };
}

const VERSION = /[/ ](\d{1,5}(?:\.\d{1,5})?)(?!\d)/y;

/** Returns the major and minor version after the token: `1.9` of `DAVdroid/1.9.8`. */
function versionAfter(token: string, userAgent: string): string | null {
  VERSION.lastIndex = userAgent.indexOf(token) + token.length;
  return VERSION.exec(userAgent)?.[1] ?? null;
}
