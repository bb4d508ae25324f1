export { displayLocation, displayName, type Messages } from './messages';
export { messagesFor, translationsOf, type Translation, type Translations } from './translations';
export type { DeviceName } from '../device/device';
