import type { Request } from 'express';

/** Returns the values of a field of the parsed form. Values that are not text are ignored. */
export function fieldValues({ body }: Pick<Request, 'body'>, name: string): readonly string[] {
  const fields = (body ?? {}) as Readonly<Record<string, unknown>>;
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return [value].flat().filter((each) => typeof each === 'string');
}

/** Returns the first value of a field of the parsed form, or undefined. */
export function fieldValue(request: Pick<Request, 'body'>, name: string): string | undefined {
  return fieldValues(request, name)[0];
}
