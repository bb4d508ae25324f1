import { OpenXchangeError } from './errors';

/**
 * The ids that a request wants to end: a JSON array in its body, whatever the content type says, and also when somebody
 * has parsed it as such, or taken it for a form.
 * @throws OpenXchangeError SVL-0023 when there is no array, SVL-0029 for what is no JSON, SVL-0009 for what is no text in it
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

/** A form with one empty field is what becomes of `["4bb7202edae54094855b5a545d7123c3"]` under the type that curl sends. */
function isForm(body: unknown): body is Record<string, string> {
  return typeof body === 'object' && body !== null && !Array.isArray(body) && Object.keys(body).length === 1;
}

function formText(form: Record<string, string>): string {
  const [[name, value]] = Object.entries(form) as [[string, unknown]];
  if (value !== '') return '';
  // Parsers that know nested names take the brackets away.
  return name.startsWith('[') ? name : `[${name}]`;
}
