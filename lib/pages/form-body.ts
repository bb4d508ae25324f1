import { urlencoded, type RequestHandler } from 'express';

/** Parses the body of a form. 1,000 ids of sessions fit. */
export const parseForm: RequestHandler = urlencoded({ extended: false, limit: '64kb', parameterLimit: 1100 });
