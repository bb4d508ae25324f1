import type { Device } from '../../session/device/device';
import type { IdentitySession } from '../../session/session';
import type { DeviceKind } from '../messages/page-messages';

/** The facts of a sign-in that tell phones from tablets. */
type Arrival = Pick<IdentitySession, 'userAgent'> & Partial<Pick<IdentitySession, 'clientHints'>>;

/** Returns the kind of device, by which pages choose an icon. */
export function deviceKind({ type, os }: Device, arrival: Arrival): DeviceKind {
  if (type === 'oxapp') return 'app';
  if (type === 'eas') return 'mail';
  if (type === 'dav') return 'calendar';
  if (type === 'other') return 'program';
  if (os?.name === 'ios') return arrival.userAgent?.includes('iPad') ? 'tablet' : 'phone';
  if (os?.name === 'android') return isPhone(arrival) ? 'phone' : 'tablet';
  return 'computer';
}

/** Browsers on Android tablets leave the word `Mobile` out. */
function isPhone({ clientHints, userAgent }: Arrival): boolean {
  return clientHints?.mobile ?? userAgent?.includes('Mobile') ?? true;
}
