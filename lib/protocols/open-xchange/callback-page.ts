import type { Request } from 'express';

import type { Answer } from '../../http/dialect';
import { bodyText } from '../../http/request';
import { mintSecret } from '../../session/credentials';
import { parameter } from './parameters';

/**
 * Returns the answer as an HTML page if the request is a login with the parameter `callback`. The page calls the function
 * `callback_` + parameter of the page that opened it or that contains it. Pages use this for a login form in a frame. Other
 * answers are returned unchanged.
 */
export function inCallbackPage(request: Request, answer: Answer): Answer {
  if (typeof answer.body !== 'object' || parameter(request, 'action') !== 'login') return answer;
  const callback = parameter(request, 'callback');
  if (callback === undefined) return answer;
  const body = 'error' in answer.body ? answer.body : { data: answer.body };
  const script = callScript(`callback_${callback || 'login'}`, bodyText({ ...answer, body })!);
  const nonce = mintSecret();
  return {
    ...answer,
    headers: {
      ...answer.headers,
      'Content-Type': 'text/html; charset=UTF-8',
      'Content-Security-Policy': `default-src 'none'; script-src 'nonce-${nonce}'; frame-ancestors 'self'`,
    },
    body: `<!DOCTYPE html><html><head><meta charset="UTF-8"><title>Login</title><script nonce="${nonce}">${script}</script></head></html>`,
  };
}

/** Builds the script. Both texts become literals that cannot end the script element. */
function callScript(name: string, json: string): string {
  const [key, value] = [JSON.stringify(name), json].map(escaped);
  return `(parent[${key}]||opener&&opener[${key}])(${value})`;
}

/** Escapes the characters of JSON that HTML or old scripts would read differently. JSON contains them in strings only. */
function escaped(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
