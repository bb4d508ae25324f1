import type { Request, Response } from 'express';

import type { Clock } from '../clock';
import { Attempt } from '../manager/attempt';

const attempts = new WeakMap<Request, Attempt>();

/**
 * Returns the attempt of the request. All limiters of the request share it. It is over when the response is closed. An
 * attempt fails only with a complete response: if it were counted after an outage or for a client that disconnected,
 * clients would be blocked for what they did not do.
 */
export function beginAttempt(request: Request, response: Response, clock: Clock): Attempt {
  const known = attempts.get(request);
  if (known !== undefined) return known;
  const attempt = new Attempt(clock);
  attempts.set(request, attempt);
  response.once('close', () => attempt.end(response.writableFinished && response.statusCode < 500));
  return attempt;
}

/** Returns the attempt of the request, or undefined if no limiter is mounted before the route. */
export function attemptOf(request: Request): Attempt | undefined {
  return attempts.get(request);
}
