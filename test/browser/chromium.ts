import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

import { describeWith } from '../support/installed';

/** The browser of the machine: `CHROMIUM`, or the package `chromium` of Debian. */
const PROGRAM = process.env['CHROMIUM'] || '/usr/bin/chromium';

/** The tests that need the browser. */
export const describeWithChromium = describeWith('chromium', existsSync(PROGRAM));

/** @param args Further arguments of the program. */
export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox', ...args] });
}
