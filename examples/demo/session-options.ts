import type { IdentitySession, IdentitySessionOptions } from '../../lib';
import type { Mailbox } from './mailbox';

/** The number of sessions that a user of the demo may have. The next sign-in asks which of them to end. */
const MOST_SESSIONS = 3;

/** The time after which the demo asks for the password again before other sessions are ended. Short, so that it can be seen. */
const RECENCY = '5M';

interface Surroundings {
  readonly mailbox: Mailbox;
  /** Returns the link with which the owner ends a session that is not theirs. */
  readonly notMeLink: (session: IdentitySession) => Promise<string>;
}

/** Returns the options of the demo's manager by which users learn what happens to their accounts. */
export function sessionOptions({ mailbox, notMeLink }: Surroundings): Partial<IdentitySessionOptions> {
  return {
    maxSessionsPerUser: MOST_SESSIONS,
    onLimit: 'ask',
    recency: RECENCY,
    onNewDevice: async (described) => {
      const link = await notMeLink(described.session);
      mailbox.deliver(described.session.userId, { about: 'new-device', described, link });
    },
    onRepeatedFailures: ({ owner, count, ipAddress }) => {
      mailbox.deliver(owner.userId, { about: 'failures', count, ipAddress });
    },
  };
}
