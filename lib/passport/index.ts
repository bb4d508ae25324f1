export type { PassportLike } from './app-users';
export type { PassportFacts } from './login-methods';
export { passportSessions, type PassportSessionsOptions } from './passport-sessions';
