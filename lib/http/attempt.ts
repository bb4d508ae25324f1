import type { Request, Response } from 'express';

import { Attempt, type Outcome } from '../manager/attempt';

const attempts = new WeakMap<Request, Attempt>();

/**
 * Returns the attempt of the request. All limiters of the request share it. It is over when the response is closed. An
 * attempt fails only with a complete response: if it were counted after an outage or for a client that disconnected,
 * clients would be blocked for what they did not do.
 */
export function attemptOf(request: Request, response: Response): Attempt {
  const known = attempts.get(request);
  if (known !== undefined) return known;
  const attempt = new Attempt();
  attempts.set(request, attempt);
  response.once('close', () => attempt.end(response.writableFinished && response.statusCode < 500));
  return attempt;
}

/** Sets the outcome so far of the request's attempt. Does nothing if no limiter is mounted before the route. */
export function decideAttemptOf(request: Request, outcome: Outcome): void {
  attempts.get(request)?.decide(outcome);
}
