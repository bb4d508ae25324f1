import type { Request } from 'express';

import { OpenXchangeError } from './errors';

/**
 * A parameter of the request, from the query or from a form in the body: the first of repeated ones, and text always.
 */
export function parameter(request: Request, name: string): string | undefined {
  return queryParameter(request, name) ?? formParameter(request, name);
}

/** The same from the query alone, read from the URL as it came: how an app parses queries does not matter. */
export function queryParameter({ url }: Request, name: string): string | undefined {
  const start = url.indexOf('?');
  if (start < 0) return undefined;
  return new URLSearchParams(url.slice(start + 1)).get(name) ?? undefined;
}

/** @throws OpenXchangeError SVL-0002 when it is missing or empty */
export function requiredParameter(request: Request, name: string): string {
  const value = parameter(request, name);
  if (!value) throw new OpenXchangeError('SVL-0002', [name]);
  return value;
}

/** A parameter that says yes or no, or undefined when it is missing. */
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
