import { json, urlencoded, type RequestHandler } from 'express';

const OPTIONS = { limit: '64kb' } as const;

/** Parses the body of a form. 1,000 ids of sessions fit. Does nothing if the app has parsed the body. */
export const parseForm: RequestHandler = urlencoded({ ...OPTIONS, extended: false, parameterLimit: 1100 });

/** Parsers for a body that is a JSON object or a form. They do nothing if the app has parsed the body. */
export const parseBody: readonly RequestHandler[] = [json(OPTIONS), parseForm];
