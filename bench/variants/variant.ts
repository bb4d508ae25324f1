import type { Express, Request } from 'express';

/** One way for an Express app to know who makes a request. */
export interface Variant {
  readonly name: string;
  readonly needs?: 'database' | 'redis';
  /** How many sessions it is measured with at the most, where making as many as elsewhere would take minutes. */
  readonly sessions?: number;
  start(place: Place): Promise<RunningApp>;
}

/** Where a variant may keep its sessions: a database of its own. */
export interface Place {
  readonly databaseUrl: string;
}

/**
 * `POST /sign-in` sets the cookies of a new session, and `GET /`, or what its `Location` says, wants them. Both answer
 * `{ userId }`, so that what a session is found to be can be compared with what it was made for.
 */
export interface RunningApp {
  readonly app: Express;
  readonly stop: () => Promise<void>;
}

/** Whom a sign-in is for: the client says so. */
export function wantedUser(request: Request): string {
  return request.query['user'] as string;
}

export const nothingToStop = (): Promise<void> => Promise.resolve();

/** All that a variant keeps lives for a week, so that none of it ends or is renewed while it is measured. */
export const WEEK = 7 * 24 * 3600 * 1000;
