import { unawaited } from '../events';
import type { Settings } from '../options/settings';
import { LONGEST_USER_AGENT } from '../session/device/describe';
import { referenceTo, withoutSecret, type StoredSession } from '../session/session';
import { capped } from '../session/text';
import type { Theft } from '../session/theft';

/** The functions of the manager that end a session whose secret was reused. */
interface TheftParts {
  readonly settings: Settings;
  /** Ends the session with the reason `secret-reused`. Returns false if it had ended already. */
  readonly end: (session: StoredSession) => Promise<boolean>;
  /** Writes the refused request to the trail. */
  readonly noteRefused: (theft: Theft) => void;
}

/** The origin of a request. */
interface Origin {
  readonly ipAddress?: string | null | undefined;
  readonly userAgent?: string | null | undefined;
}

/** Ends sessions of which somebody has a copied secret, and reports where it came from. */
export class Thefts {
  readonly #parts: TheftParts;

  constructor(parts: TheftParts) {
    this.#parts = parts;
  }

  /**
   * Ends the session, and reports the theft if no other request has ended it before.
   * @throws SessionError `store-unavailable`; the next use of either secret finds the theft again
   */
  async end(session: StoredSession, { ipAddress, userAgent }: Origin): Promise<void> {
    const { settings, end, noteRefused } = this.#parts;
    const theft = {
      session: withoutSecret(session),
      ipAddress: settings.keptAddress(ipAddress),
      userAgent: capped(userAgent, LONGEST_USER_AGENT),
    };
    if (!(await end(session))) return;
    noteRefused(theft);
    settings.report({ ...theft, type: 'secret-reused', session: referenceTo(session) });
    const { onTheft, report } = settings;
    if (onTheft === undefined) return;
    unawaited(
      () => onTheft(theft),
      (error) => report({ type: 'failed', task: 'hook', error }),
    );
  }
}
