export type { PassportLike } from './app-users';
export { passportSessions, type PassportSessionsOptions } from './passport-sessions';
