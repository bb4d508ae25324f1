import type { Request, RequestHandler } from 'express';

import type { Dialect } from '../../http/dialect';
import { refuse } from '../../http/request';
import { checkOrigin } from '../../http/same-origin';
import type { IdentitySessionManager } from '../../manager/manager';

/**
 * Creates a handler that refuses requests which a page of another site started, by any method, because the actions of this
 * protocol can be sent by `GET`. Such a page could sign a visitor in to the attacker's account or end the visitor's session. The
 * app's own pages and those of the manager's `origins` may send requests. Requests without `Sec-Fetch-Site`, `Origin` and
 * `Referer` pass, because they come from programs.
 */
export function checkRequestOrigin(manager: IdentitySessionManager, dialect: Dialect): RequestHandler {
  return (request, response, next) => {
    try {
      checkOrigin(request, manager.settings, request.headers.origin ?? refererOrigin(request));
    } catch (error) {
      refuse(error, dialect, request, response, next);
      return;
    }
    next();
  };
}

/**
 * Returns the origin of the page that the request comes from. Browsers send no `Origin` when a user follows a link or a
 * redirect, and a page can hide its `Referer`, but not replace it.
 */
function refererOrigin({ headers: { referer } }: Request): string | undefined {
  return referer !== undefined && URL.canParse(referer) ? new URL(referer).origin : undefined;
}
