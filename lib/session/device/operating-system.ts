/** An operating system, as a user agent tells it. */
export interface OperatingSystem {
  /** `windows` */
  readonly name: string;
  /** `6.1`: major and minor version, or the major one alone. */
  readonly version: string | null;
  /** `Windows 7`, or undefined where it is better not to say. */
  readonly label: string | undefined;
}

/** What ua-parser-js found, by the names of Open-Xchange; undefined when no system is known. */
export function operatingSystem(
  foundName: string | undefined,
  foundVersion: string | undefined,
  userAgent: string,
): OperatingSystem | undefined {
  const [, toldName, toldVersion] = TOLD_BY_APPS.exec(userAgent) ?? [];
  const called = foundName || toldName;
  if (!called) return undefined;
  const name = nameOf(called);
  const told = toldName !== undefined && nameOf(toldName) === name ? toldVersion : undefined;
  const version = versionOf(name, foundVersion || told, userAgent);
  return { name, version, label: label(name, called, version) };
}

/** What a parser of browsers' user agents does not find. */
const TOLD_BY_APPS = /\b(iPadOS|iOS|macOS|Mac OS X|Android)[/ ](\d{1,4}(?:\.\d{1,4})?)/;

function nameOf(called: string): string {
  return DISTRIBUTION.test(called) ? 'linux' : (NAMES.get(called.toLowerCase()) ?? called.toLowerCase());
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ['mac os', 'macos'],
  ['mac os x', 'macos'],
  ['ipados', 'ios'],
  ['android-x86', 'android'],
  ['chromium os', 'chromeos'],
]);

const DISTRIBUTION =
  /^(?:[klnx]?ubuntu|arch|centos|debian|deepin|elementary os|fedora|gentoo|linpus|linspire|mageia|mandriva|manjaro|mint|(?:open)?suse|pclinuxos|raspbian|red ?hat|sabayon|slackware|vectorlinux|zenwalk)$/i;

const WINDOWS_NT = /\bWindows NT (\d{1,4}\.\d{1,4})/i;

const VERSION = /^\d{1,5}(?:\.\d{1,5})?(?!\d)/;

function versionOf(name: string, version: string | undefined, userAgent: string): string | null {
  if (name === 'linux') return null;
  const told = name === 'windows' ? (WINDOWS_NT.exec(userAgent)?.[1] ?? version) : version;
  return VERSION.exec(told ?? '')?.[0] ?? null;
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
]);

/** By what people call them; 11 says that it is 10. */
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

/** It has its name since 10.12. */
function macOs(version: string | null): string | undefined {
  if (version === null) return 'MacOS X';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 10 || (major === 10 && minor >= 12) ? `macOS ${version}` : undefined;
}
