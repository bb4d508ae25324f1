import type { Response } from 'express';

/**
 * Calls `act` before the response ends, and ends the response when the promise is fulfilled. If `act` returns undefined, the
 * response ends at once. If the promise is rejected and the response has not started, `fail` answers in place of the app.
 */
export function beforeEnd(
  response: Response,
  act: () => Promise<void> | undefined,
  fail: (error: unknown) => void,
): void {
  const end = response.end.bind(response) as (...given: unknown[]) => Response;
  const restore = () => void (response.end = end as Response['end']);
  let waiting = false;

  response.end = function endAfterAct(...given: unknown[]): Response {
    if (waiting) return response;
    const acting = attempt(act);
    if (acting === undefined) {
      restore();
      return end(...given);
    }
    waiting = true;
    acting
      .then(
        () => void (restore(), end(...given)),
        (error: unknown) => {
          restore();
          if (response.headersSent) return void end(...given);
          withdraw(response);
          fail(error);
        },
      )
      .catch(fail);
    return response;
  } as Response['end'];
}

/** Returns what the function returns. If it throws, returns a rejected promise. */
function attempt(act: () => Promise<void> | undefined): Promise<void> | undefined {
  try {
    return act();
  } catch (error) {
    return (async () => {
      throw error;
    })();
  }
}

/** Removes the headers that belong to the body and the outcome of an answer that is not sent. */
function withdraw(response: Response): void {
  for (const name of response.getHeaderNames()) {
    if (WITHDRAWN.test(name)) response.removeHeader(name);
  }
  response.statusMessage = '';
}

const WITHDRAWN = /^(content-(?!security-policy)|etag$|last-modified$|location$|set-cookie$|cache-control$)/;
