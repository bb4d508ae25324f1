export { displayLocation, displayName, displayRefusal, type Messages } from './messages';
export {
  messagesFor,
  refusalMessages,
  translationsOf,
  type Translation,
  type Translations,
} from './translations';
export type { DeviceName } from '../device/device';
