import type { EndReason, RefusalCode } from '../../../lib';

export interface Notice {
  readonly title: string;
  readonly text: string;
}

type Said = EndReason | RefusalCode | 'ended';

/**
 * What a page may say about what happened before. An address names a notice (`/sign-in?notice=revoked`); the words stand
 * here alone, so that no link can put its own on our pages.
 */
const notices: Partial<Record<Said, Notice>> = {
  ended: { title: 'Signed out there.', text: 'The next request from there will be refused.' },
  'session-not-found': { title: 'Nothing to sign out.', text: 'There is no such session any more.' },

  'signed-out': { title: 'You are signed out.', text: 'Sign in to go on.' },
  revoked: { title: 'This session was ended.', text: 'It was signed out from another of your sessions.' },
  replaced: { title: 'This session was ended.', text: 'Somebody signed in anew with the same browser.' },
  displaced: { title: 'This session was ended.', text: 'A newer sign-in took its place.' },
  'credential-changed': { title: 'This session was ended.', text: 'The password was changed.' },
  administrator: { title: 'This session was ended.', text: 'An administrator signed it out.' },
  'session-expired': { title: 'This session has expired.', text: 'It was not used for too long.' },
  'credentials-invalid': { title: 'This session is not known here.', text: 'Sign in to get a new one.' },
};

export function notice(name: unknown): Notice | undefined {
  return typeof name === 'string' && Object.hasOwn(notices, name) ? notices[name as Said] : undefined;
}
