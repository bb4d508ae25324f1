/**
 * Returns the version of an operating system, or null if browsers send the same version on every device. They freeze
 * versions so that sites cannot recognize users. The browser's own version tells since when.
 */
export function knownVersion(system: string, version: string | null, userAgent: string): string | null {
  if (version === null) return null;
  if (system === 'ios') return iosVersion(version, userAgent);
  const frozen = FROZEN.get(system);
  return frozen?.version.test(version) && frozen.sent(userAgent) ? null : version;
}

interface FrozenVersion {
  readonly version: RegExp;
  /** Returns true if a program with this user agent may send the version on newer systems too. */
  readonly sent: (userAgent: string) => boolean;
}

const FROZEN: ReadonlyMap<string, FrozenVersion> = new Map<string, FrozenVersion>([
  [
    'windows',
    {
      // Windows 11 kept the number of Windows 10. Chrome 94 and Firefox 92 are the last versions before its release.
      // https://learn.microsoft.com/en-us/microsoft-edge/web-platform/how-to-detect-win11
      version: /^10\.0$/,
      sent: (userAgent) => !isBefore(userAgent, { chrome: 95, firefox: 93 }),
    },
  ],
  [
    'macos',
    {
      // Safari sends 10_15_7 since macOS 11, and on iPads as well. Chrome does so since version 90, Firefox since 87.
      // 10.16 is the number by which macOS 11 presents itself to old programs.
      // https://bugzilla.mozilla.org/show_bug.cgi?id=1679929, https://crbug.com/1175225
      version: /^10\.1[56]$/,
      sent: (userAgent) => userAgent.includes('10.16') || !isBefore(userAgent, { chrome: 90, firefox: 87 }),
    },
  ],
  [
    'android',
    {
      // Chrome 110 and later send "Android 10; K" on every device. Some versions of Firefox since 122 send 10 instead of
      // other versions. Web views and apps send the real version.
      // https://www.chromium.org/updates/ua-reduction, https://bugzilla.mozilla.org/show_bug.cgi?id=1865766
      version: /^10$/,
      sent: (userAgent) =>
        /\bAndroid 10; K[;)]/.test(userAgent) || (majorOf(userAgent, 'Firefox') ?? 0) >= 122,
    },
  ],
  // Chrome sends this version of ChromeOS on every device. https://www.chromium.org/updates/ua-reduction
  ['chromeos', { version: /^14541\.0$/, sent: () => true }],
]);

/**
 * WebKit sends iOS 18.6 or 18.7 on iOS 26 and later. Safari has the same version as iOS, so that its version tells. Apps
 * that write the version with a dot send the real one.
 * https://webkit.org/blog/17333/webkit-features-in-safari-26-0/, https://github.com/whatwg/compat/issues/283
 */
function iosVersion(version: string, userAgent: string): string | null {
  if (!/\bOS 18_[67](?!\d)/.test(userAgent)) return version;
  const safari = SAFARI.exec(userAgent)?.[1];
  if (safari === undefined) return null;
  return Number.parseInt(safari, 10) >= 26 ? safari : version;
}

const SAFARI = /\bVersion\/(\d{2}\.\d{1,2})/;

function isBefore(userAgent: string, first: { readonly chrome: number; readonly firefox: number }): boolean {
  const chrome = majorOf(userAgent, 'Chrome');
  if (chrome !== undefined) return chrome < first.chrome;
  const firefox = majorOf(userAgent, 'Firefox');
  return firefox !== undefined && firefox < first.firefox;
}

function majorOf(userAgent: string, product: 'Chrome' | 'Firefox'): number | undefined {
  const [, major] = MAJOR[product].exec(userAgent) ?? [];
  return major === undefined ? undefined : Number(major);
}

const MAJOR = { Chrome: /\bChrome\/(\d{1,4})/, Firefox: /\bFirefox\/(\d{1,4})/ } as const;
