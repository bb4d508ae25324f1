import type { Express, Request } from 'express';

/** An Express app that identifies the user of a request in one particular way. */
export interface Variant {
  readonly name: string;
  readonly needs?: 'database' | 'redis';
  /** The largest number of sessions to measure with, for variants whose sign-ins take too long for the usual number. */
  readonly sessions?: number;
  start(place: Place): Promise<RunningApp>;
}

/** The database in which a variant may store its sessions. No other variant uses it. */
export interface Place {
  readonly databaseUrl: string;
}

/**
 * The app of a variant. `POST /sign-in` sets the cookies of a new session. `GET /`, or the URL in the `Location` header of
 * the sign-in, requires them. Both return `{ userId }`, so that the client can check that each session has the right user.
 */
export interface RunningApp {
  readonly app: Express;
  readonly stop: () => Promise<void>;
}

/** Returns the user id that the client wants to sign in with. */
export function requestedUser(request: Request): string {
  return request.query['user'] as string;
}

export const noCleanup = (): Promise<void> => Promise.resolve();

/** The lifetime of sessions and cookies in milliseconds, so long that none expires or is renewed during a measurement. */
export const WEEK = 7 * 24 * 3600 * 1000;
