import type { RequestHandler } from 'express';

import { flag } from '../options/checks';
import { type OptionTable, readOptions } from '../options/reader';
import { REQUESTED_HINTS } from '../session/device/client-hints';

const OPTIONS = {
  critical: { default: false, check: flag },
} satisfies OptionTable<{ critical?: boolean }>;

/**
 * Asks browsers for the exact operating system and the model of the device, so that users recognize their sessions. Browsers
 * send these client hints with later requests to the same HTTPS origin, and a sign-in stores them.
 *
 * Mount it before the sign-in page: `app.get('/sign-in', acceptClientHints(), signInPage)`. Browsers ignore the question in
 * responses to `fetch`.
 * @param options If `critical` is true, the browser loads the page a second time if its first request had no hints. Default:
 * `false`.
 * @throws TypeError if an option is invalid
 */
export function acceptClientHints(options: { readonly critical?: boolean } = {}): RequestHandler {
  const { critical } = readOptions(options, OPTIONS, { heading: 'acceptClientHints cannot be built' });
  return function acceptClientHints(_request, response, next) {
    // The app may ask for further hints.
    response.append('Accept-CH', REQUESTED_HINTS);
    if (critical) response.append('Critical-CH', REQUESTED_HINTS);
    next();
  };
}
