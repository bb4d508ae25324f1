import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** The browser of the machine: `CHROMIUM`, or the package `chromium` of Debian. */
const PROGRAM = process.env['CHROMIUM'] || '/usr/bin/chromium';

/** True if the tests can run. With CI=true they run in any case, and fail without a browser. */
export const hasChromium = existsSync(PROGRAM) || process.env['CI'] === 'true';

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox'] });
}
