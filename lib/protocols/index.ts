export type { Answer, Dialect, OpenedSession, RequestCredentials, Transport } from '../http/dialect';
export { isSessionId, type SecretForm } from '../session/credentials';
export type { CookieSettings, Settings } from '../options/settings';
export type { Check, OptionValues } from '../options/reader';
export type { CountryOf, IpCheck, IpVerdict } from '../session/ip-check';
export type { ProtocolData } from '../session/session';
export type { OwnSearch } from '../manager/own-sessions';
export type { DescribedPage } from '../session/described';
export type { RotationRules } from '../session/secret-rotation';
