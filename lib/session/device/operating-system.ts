import type { ClientHints } from './client-hints';
import { knownVersion } from './frozen-versions';

/** An operating system, as read from a user agent and client hints. */
export interface OperatingSystem {
  /** The name in lower case, such as `windows`. */
  readonly name: string;
  /** The major and minor version, or only the major version, such as `6.1`. Null if it is unknown. */
  readonly version: string | null;
  /** The name that people see, such as `Windows 7`. Undefined if it would be misleading. */
  readonly label: string | undefined;
}

/**
 * Converts the result of ua-parser-js. Names are those that Open-Xchange uses. Returns undefined if the operating system
 * is unknown. A version that browsers send on every device counts as unknown.
 */
export function operatingSystem(
  foundName: string | undefined,
  foundVersion: string | undefined,
  userAgent: string,
): OperatingSystem | undefined {
  const [, nameInApp, versionInApp] = IN_APPS.exec(userAgent) ?? [];
  const called = ONLY_ON_IOS.test(userAgent) ? 'iOS' : foundName || nameInApp;
  if (!called) return undefined;
  const name = nameOf(called);
  const inApp = nameInApp !== undefined && nameOf(nameInApp) === name ? versionInApp : undefined;
  const foundHere = foundName !== undefined && nameOf(foundName) === name ? foundVersion : undefined;
  const sent = versionOf(name, foundHere || inApp, userAgent);
  const version = knownVersion(name, sent, userAgent);
  return { name, version, label: sent && !version ? LABELS.get(name) : label(name, called, version) };
}

/** Returns the operating system that the client hints name. They are more exact than the user agent. */
export function hintedSystem(
  { platform, platformVersion }: ClientHints,
  inUserAgent: OperatingSystem | undefined,
): OperatingSystem | undefined {
  if (platform === undefined) return inUserAgent;
  const name = nameOf(platform);
  const version = platformVersion === undefined ? null : hintedVersion(name, platformVersion);
  if (version === null && inUserAgent?.name === name) return inUserAgent;
  const plain = LABELS.get(name) ?? platform;
  return { name, version, label: version === null ? plain : label(name, platform, version) };
}

/** Returns a version without zeros at its end, because `Android 15` is the usual name and not `Android 15.0`. */
function hintedVersion(name: string, version: string): string | null {
  if (name === 'linux') return null;
  if (name === 'windows') return windowsVersion(version);
  return VERSION.exec(version)?.[0].replace(/\.0+$/, '') ?? null;
}

/**
 * Windows 11 has versions from 13, and Windows 10 versions from 1 to 10.
 * https://learn.microsoft.com/en-us/microsoft-edge/web-platform/how-to-detect-win11
 */
function windowsVersion(version: string): string | null {
  const major = Number.parseInt(version, 10);
  if (major >= 13) return '11';
  return major >= 1 && major <= 10 ? '10.0' : (OLD_WINDOWS.get(VERSION.exec(version)?.[0] ?? '') ?? null);
}

const OLD_WINDOWS: ReadonlyMap<string, string> = new Map([
  ['0.1', '6.1'],
  ['0.2', '6.2'],
  ['0.3', '6.3'],
]);

/** Browsers of iPads whose user agents otherwise name macOS, because they ask for the desktop site. */
const ONLY_ON_IOS = /\b(?:CriOS|FxiOS|EdgiOS)\//;

/** Operating systems in the user agents of apps, which ua-parser-js does not find. */
const IN_APPS = /\b(iPadOS|iOS|macOS|Mac OS X|Android)[/ ](\d{1,4}(?:\.\d{1,4})?)/;

function nameOf(called: string): string {
  return DISTRIBUTION.test(called) ? 'linux' : (NAMES.get(called.toLowerCase()) ?? called.toLowerCase());
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ['mac os', 'macos'],
  ['mac os x', 'macos'],
  ['ipados', 'ios'],
  ['android-x86', 'android'],
  ['chromium os', 'chromeos'],
  ['chrome os', 'chromeos'],
]);

const DISTRIBUTION =
  /^(?:[klnx]?ubuntu|arch|centos|debian|deepin|elementary os|fedora|gentoo|linpus|linspire|mageia|mandriva|manjaro|mint|(?:open)?suse|pclinuxos|raspbian|red ?hat|sabayon|slackware|vectorlinux|zenwalk)$/i;

const WINDOWS_NT = /\bWindows NT (\d{1,4}\.\d{1,4})/i;

const VERSION = /^\d{1,5}(?:\.\d{1,5})?(?!\d)/;

function versionOf(name: string, version: string | undefined, userAgent: string): string | null {
  if (name === 'linux') return null;
  const found = name === 'windows' ? (WINDOWS_NT.exec(userAgent)?.[1] ?? version) : version;
  return VERSION.exec(found ?? '')?.[0] ?? null;
}

function label(name: string, called: string, version: string | null): string | undefined {
  switch (name) {
    case 'macos':
      return macOs(version);
    case 'windows':
      return numbered('Windows', version && (WINDOWS.get(version) ?? version));
    default:
      return numbered(LABELS.get(name) ?? called, version);
  }
}

const LABELS: ReadonlyMap<string, string> = new Map([
  ['android', 'Android'],
  ['chromeos', 'ChromeOS'],
  ['ios', 'iOS'],
  ['linux', 'Linux'],
  ['macos', 'macOS'],
  ['windows', 'Windows'],
]);

/** The names of Windows versions. */
const WINDOWS: ReadonlyMap<string, string> = new Map([
  ['6.0', 'Vista'],
  ['6.1', '7'],
  ['6.2', '8'],
  ['6.3', '8.1'],
  ['10.0', '10'],
]);

function numbered(name: string, version: string | null): string {
  return version === null ? name : `${name} ${version}`;
}

/** The name macOS exists since version 10.12. */
function macOs(version: string | null): string | undefined {
  if (version === null) return 'MacOS X';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 10 || (major === 10 && minor >= 12) ? `macOS ${version}` : undefined;
}
