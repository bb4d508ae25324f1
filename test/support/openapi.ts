import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { Request, RequestHandler, Response } from 'express';

import openapi from '../../openapi.json';

interface Documented {
  readonly headers?: Readonly<Record<string, { readonly required?: boolean; readonly schema: object }>>;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
  readonly $ref?: string;
}

interface Operation {
  readonly responses: Readonly<Record<string, Documented>>;
}

const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
ajv.addSchema(openapi, 'openapi');
const validators = new WeakMap<object, ValidateFunction>();

/** The operations of `openapi.json`, as `GET /sessions`. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries(openapi.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation as unknown as Operation,
    ]),
  ),
);

/**
 * Compares every response of the REST routes with `openapi.json`. If one differs, its status becomes 599 and its body says how,
 * so that the test of the route fails.
 */
export function documented(): RequestHandler {
  return function documented(request, response, next) {
    const { path } = request;
    const end = response.end.bind(response);
    response.end = ((body?: string, ...rest: []) => {
      const problem = undocumented(operationOf(request.method, path), response, body);
      if (problem === undefined) return end(body, ...rest);
      response.statusCode = 599;
      return end(problem);
    }) as Response['end'];
    next();
  };
}

function operationOf(method: Request['method'], path: string): Operation | undefined {
  const exact = OPERATIONS.get(`${method} ${path.toLowerCase().replace(/(.)\/$/, '$1')}`);
  return (
    exact ?? (/^\/sessions\/[^/]+\/?$/i.test(path) ? OPERATIONS.get(`${method} /sessions/{id}`) : undefined)
  );
}

/** Returns the difference between a response and its description. Returns undefined if they agree. */
function undocumented(
  operation: Operation | undefined,
  response: Response,
  body?: string,
): string | undefined {
  if (operation === undefined) return undefined;
  const described = resolved(operation.responses[response.statusCode]);
  if (described === undefined) return `openapi.json has no status ${response.statusCode} here`;
  for (const [name, { required, schema }] of Object.entries(described.headers ?? {})) {
    const value = response.getHeader(name);
    if (required && value === undefined) return `The header ${name} is missing`;
    for (const each of value === undefined ? [] : [value].flat()) {
      const invalid = invalidity(schema, String(each));
      if (invalid !== undefined) return `${name}: ${invalid}`;
    }
  }
  const [type] = String(response.getHeader('Content-Type') ?? '').split(';');
  const content = described.content?.[type!];
  if (content === undefined)
    return body === undefined || body === '' ? undefined : `No content of type ${type} is described`;
  // The events of a stream have been written before.
  if (type === 'text/event-stream') return undefined;
  return invalidity(content.schema, JSON.parse(body ?? '') as unknown);
}

function resolved(described: Documented | undefined): Documented | undefined {
  if (described?.$ref === undefined) return described;
  const name = described.$ref.split('/').at(-1)! as keyof typeof openapi.components.responses;
  return openapi.components.responses[name];
}

function invalidity(schema: object, value: unknown): string | undefined {
  const validate =
    validators.get(schema) ??
    ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')) as object);
  validators.set(schema, validate);
  return validate(value) ? undefined : ajv.errorsText(validate.errors);
}
