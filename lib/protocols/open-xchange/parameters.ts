import type { Request } from 'express';

import { queryOf } from '../../http/request';
import { OpenXchangeError } from './errors';
import { mayContain } from './trusted-clients';

/**
 * Returns a parameter of the request. If the query does not contain it, reads it from a form in the body. If the parameter is
 * repeated, returns the first value. Ignores parameters that only trusted clients may send.
 */
export function parameter(request: Request, name: string): string | undefined {
  if (!mayContain(request, name)) return undefined;
  return queryParameter(request, name) ?? formParameter(request, name);
}

/** Returns a parameter from the query only. */
export function queryParameter(request: Request, name: string): string | undefined {
  return queryOf(request).get(name) ?? undefined;
}

/**
 * Returns a parameter of the request.
 * @throws OpenXchangeError SVL-0002 if the parameter is missing or empty
 */
export function requiredParameter(request: Request, name: string): string {
  const value = parameter(request, name);
  if (!value) throw new OpenXchangeError('SVL-0002', [name]);
  return value;
}

/** Returns true if the parameter is `true`, `1`, `yes`, `y` or `on`, and undefined if it is missing. */
export function flagParameter(request: Request, name: string): boolean | undefined {
  const value = parameter(request, name);
  return value === undefined ? undefined : YES.test(value);
}

const YES = /^(true|1|yes|y|on)$/i;

function formParameter(request: Request, name: string): string | undefined {
  const form: unknown = request.body;
  if (typeof form !== 'object' || form === null || !Object.hasOwn(form, name)) return undefined;
  if (!request.is('application/x-www-form-urlencoded')) return undefined;
  const value = (form as Record<string, unknown>)[name];
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? first : undefined;
}
