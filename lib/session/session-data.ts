import type { JsonObject } from './session';

/**
 * The app's own fields of a session's `data`. Declare them once, and `data` has their types everywhere:
 * `declare module 'express-identity-sessions' { interface SessionData { cart?: string[] } }`.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- apps add members by declaration merging
export interface SessionData {}

/** The type of `data`: the declared fields, each of which can be absent, or any JSON object if the app declares none. */
export type Data = keyof SessionData extends never ? JsonObject : Readonly<Partial<SessionData>>;

/** The data of a session that has none. */
export const NO_DATA: Data = Object.freeze({});
