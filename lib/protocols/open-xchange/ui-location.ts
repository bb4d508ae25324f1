import type { Request } from 'express';

import type { GenerationTraits } from './generation';
import { parameter } from './parameters';
import type { StoredSignIn } from './stored-sign-in';

/** Returns true for a path of this host. Returns false for `//example.com`, because it leads to another host. */
export function isLocalPath(value: unknown): value is string {
  return typeof value === 'string' && /^\/(?!\/)[\w.~%/-]*$/.test(value);
}

/**
 * Returns the location of the user interface with parameters in its fragment, which browsers send to no server. The path is
 * the request's parameter `uiWebPath` if it is a path of this host, and otherwise the configured one. Parameters without a
 * value are omitted.
 */
export function uiLocation(
  request: Request,
  uiWebPath: string,
  parameters: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const requested = parameter(request, 'uiWebPath');
  const path = requested !== undefined && isLocalPath(requested) ? requested : uiWebPath;
  const fragment = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`],
  );
  return `${path}#${fragment.join('&')}`;
}

/** Returns the parameters for the user interface that describe the user and the user's language. */
export function uiUser(
  { redirectNamesUser }: GenerationTraits,
  { user, userNumber, locale }: Partial<Pick<StoredSignIn, 'user' | 'userNumber' | 'locale'>>,
): Record<string, string | number | undefined> {
  return redirectNamesUser
    ? { user, user_id: userNumber, language: locale }
    : { user_id: userNumber, language: locale, locale };
}
