import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext } from 'playwright-core';

import { describeWith } from '../support/installed';

/** The browser of the machine: `CHROMIUM`, or the package `chromium` of Debian. */
const PROGRAM = process.env['CHROMIUM'] || '/usr/bin/chromium';

/** The tests that need the browser. */
export const describeWithChromium = describeWith('chromium', existsSync(PROGRAM));

/** @param args Further arguments of the program. */
export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox', ...args] });
}

/** The switches with which Chromium binds sessions without special hardware. */
const BINDING =
  '--enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting';

/**
 * Launches a browser that binds sessions to its device, and keeps its cookies and keys in a folder.
 * @param certificate The hash of the server's public key.
 */
export function launchBindingChromium(
  profile: string,
  certificate: string,
  baseURL: string,
): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath: PROGRAM,
    args: ['--no-sandbox', BINDING, `--ignore-certificate-errors-spki-list=${certificate}`],
    baseURL,
  });
}
