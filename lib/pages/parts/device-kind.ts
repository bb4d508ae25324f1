import type { DescribedSession } from '../../session/described';
import type { DeviceKind } from '../messages/page-messages';

/** Returns the kind of device, by which pages choose an icon. */
export function deviceKind({ device: { type, os }, session }: DescribedSession): DeviceKind {
  if (type === 'oxapp') return 'app';
  if (type === 'eas') return 'mail';
  if (type === 'dav') return 'calendar';
  if (type === 'other') return 'program';
  if (os?.name === 'ios') return session.userAgent?.includes('iPad') ? 'tablet' : 'phone';
  if (os?.name === 'android') return isPhone(session) ? 'phone' : 'tablet';
  return 'computer';
}

/** Browsers on Android tablets leave the word `Mobile` out. */
function isPhone({ clientHints, userAgent }: DescribedSession['session']): boolean {
  return clientHints?.mobile ?? userAgent?.includes('Mobile') ?? true;
}
