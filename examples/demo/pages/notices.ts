import type { EndReason, RefusalCode } from '../../../lib';

export interface Notice {
  readonly title: string;
  readonly text: string;
}

type NoticeName = EndReason | RefusalCode | 'ended';

/**
 * Messages about a previous request. The query names one of them (`/sign-in?notice=revoked`). The texts exist only here,
 * so that a link cannot put its own text on a page.
 */
const notices: Partial<Record<NoticeName, Notice>> = {
  ended: { title: 'The session was ended.', text: 'That device has to sign in again.' },
  'session-not-found': { title: 'The session was not found.', text: 'It may have ended already.' },

  'signed-out': { title: 'You are signed out.', text: 'Sign in to continue.' },
  revoked: { title: 'Your session was ended.', text: 'You ended it from another session.' },
  replaced: { title: 'Your session was ended.', text: 'A newer sign-in in this browser replaced it.' },
  displaced: { title: 'Your session was ended.', text: 'A newer sign-in took its place.' },
  'credential-changed': { title: 'Your session was ended.', text: 'Your password was changed.' },
  administrator: { title: 'Your session was ended.', text: 'An administrator ended it.' },
  'session-expired': { title: 'Your session has expired.', text: 'It was not used for too long.' },
  'credentials-invalid': { title: 'Your session is unknown.', text: 'Sign in to start a new one.' },
};

/** Returns the notice of that name, or undefined if there is no such notice. */
export function notice(name: unknown): Notice | undefined {
  return typeof name === 'string' && Object.hasOwn(notices, name) ? notices[name as NoticeName] : undefined;
}
