import { OpenXchangeError } from './errors';

/**
 * Returns the session ids in a request body, without duplicates. The body must be a JSON array. Its content type is ignored,
 * and a JSON or form parser may have parsed it before.
 * @throws OpenXchangeError SVL-0023 if the body is not an array, SVL-0029 if it is not JSON, SVL-0009 if an element is not
 * text
 */
export function idsToDelete(body: unknown): readonly string[] {
  const value = parsed(body);
  if (!Array.isArray(value)) throw new OpenXchangeError('SVL-0023');
  for (const id of value as unknown[]) {
    if (typeof id !== 'string') throw new OpenXchangeError('SVL-0009', ['An element is not a string.']);
  }
  return [...new Set(value as string[])];
}

function parsed(body: unknown): unknown {
  if (Buffer.isBuffer(body)) return json(body.toString());
  if (typeof body === 'string') return json(body);
  return isForm(body) ? json(formText(body)) : body;
}

function json(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new OpenXchangeError('SVL-0029');
  }
}

/**
 * Recognizes a form with one field. With the content type that curl sends by default, a form parser turns
 * `["4bb7202edae54094855b5a545d7123c3"]` into such a form, whose only value is empty.
 */
function isForm(body: unknown): body is Record<string, string> {
  return typeof body === 'object' && body !== null && !Array.isArray(body) && Object.keys(body).length === 1;
}

function formText(form: Record<string, string>): string {
  const [[name, value]] = Object.entries(form) as [[string, unknown]];
  if (value !== '') return '';
  // Parsers of nested field names remove the brackets.
  return name.startsWith('[') ? name : `[${name}]`;
}
