import { json, urlencoded, type RequestHandler } from 'express';

const OPTIONS = { limit: '64kb' } as const;

/** Parsers for a body that is a JSON object or a form. They do nothing if the app has parsed the body. */
export const parseBody: readonly RequestHandler[] = [
  json(OPTIONS),
  urlencoded({ ...OPTIONS, extended: false }),
];
