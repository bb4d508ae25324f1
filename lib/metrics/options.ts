import { text } from '../options/checks';
import type { OptionTable } from '../options/reader';

/** The options of every adapter. */
export interface MetricsOptions {
  /**
   * The start of all names, in lower-case letters, digits and underscores. Change it if the app has several managers.
   * The dashboard and the alert rules use the default. Default: `identity_sessions_`.
   */
  readonly prefix?: string | undefined;
}

export const METRICS_OPTIONS = {
  prefix: {
    default: 'identity_sessions_',
    check: text(/^[a-z_][a-z0-9_]{0,63}$/, 'at most 64 lower-case letters, digits and underscores'),
  },
} satisfies OptionTable<MetricsOptions>;
