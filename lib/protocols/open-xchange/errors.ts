import type { SessionError } from '../../errors';
import { visible } from '../../session/text';

/** The categories of errors, with their numbers in the protocol. */
const CATEGORIES = {
  USER_INPUT: 1,
  CONFIGURATION: 2,
  PERMISSION_DENIED: 3,
  TRY_AGAIN: 4,
  SERVICE_DOWN: 5,
  ERROR: 8,
} as const;

type Category = keyof typeof CATEGORIES;

interface Definition {
  readonly category: Category;
  /** The message for users. `%s` stands for the next parameter. */
  readonly text: string;
  /** The message for developers, if it differs. `%s` stands for the next parameter. */
  readonly description?: string;
}

const FAILED = 'An error occurred. Please try again later.';
const TOKENS_UNKNOWN = 'The session is no longer available. Please sign in again.';

/** The errors of Open-Xchange that this package sends, or that an app can throw. */
const ERRORS = {
  'SES-0002': {
    category: 'ERROR',
    text: 'There are too many sessions. Please try again later.',
    description: 'Maximum number of sessions elapsed',
  },
  'SES-0007': {
    category: 'USER_INPUT',
    text: 'You have too many sessions. Please end some of them.',
    description: 'Max. number of sessions exceeded for user %s in context %s',
  },
  'SES-0008': {
    category: 'ERROR',
    text: FAILED,
    description: 'Authentication identifier duplicate found. Current denied login request: %s.',
  },
  'SES-0201': { category: 'ERROR', text: FAILED, description: 'The session parameter is missing.' },
  'SES-0203': {
    category: 'TRY_AGAIN',
    text: 'Your session expired. Please login again.',
    description: 'Your session %s expired. Please start a new browser session.',
  },
  'SES-0205': {
    category: 'PERMISSION_DENIED',
    text: 'Your IP address has changed. Please login again.',
    description: 'The session may not be used from this IP address.',
  },
  'SES-0207': {
    category: 'ERROR',
    text: 'You have too many sessions with this client. Please end some of them.',
    description: 'Max. number of sessions exceeded for client %s of user %s in context %s',
  },
  'SES-0210': {
    category: 'USER_INPUT',
    text: TOKENS_UNKNOWN,
    description: 'There is no session for the server token.',
  },
  'SES-0211': {
    category: 'USER_INPUT',
    text: TOKENS_UNKNOWN,
    description: 'The client token does not belong to the server token.',
  },
  'LGI-0001': { category: 'PERMISSION_DENIED', text: 'The account "%s" is locked.' },
  'LGI-0002': {
    category: 'TRY_AGAIN',
    text: 'The account "%s" is not ready yet. Please try again later.',
  },
  'LGI-0003': { category: 'ERROR', text: FAILED, description: 'Unknown problem: "%s".' },
  'LGI-0005': { category: 'SERVICE_DOWN', text: 'Login not possible at the moment. Please try again later.' },
  'LGI-0006': { category: 'USER_INPUT', text: 'Invalid credentials.' },
  'LGI-0011': {
    category: 'PERMISSION_DENIED',
    text: 'Your password has expired. Please change it: %s',
  },
  'LGI-0013': { category: 'PERMISSION_DENIED', text: 'This user is not activated.' },
  'LGI-0014': { category: 'PERMISSION_DENIED', text: 'The client "%s" is not activated.' },
  'LGI-0016': { category: 'USER_INPUT', text: '%s' },
  'LGI-0020': {
    category: 'ERROR',
    text: FAILED,
    description: 'There is no server token: token logins are disabled.',
  },
  'LGI-0021': {
    category: 'USER_INPUT',
    text: FAILED,
    description: 'The client parameter must not be the User-Agent.',
  },
  'LGI-0026': {
    category: 'PERMISSION_DENIED',
    text: 'The request was denied.',
    description: 'The request was denied. %s',
  },
  'LGI-0027': { category: 'PERMISSION_DENIED', text: '%s' },
  'LGI-0028': { category: 'PERMISSION_DENIED', text: 'There were too many attempts to login as "%s".' },
  'MFA-0001': { category: 'USER_INPUT', text: 'A second factor is required.' },
  'MFA-0015': { category: 'ERROR', text: 'Enter your second factor again to continue.' },
  'SVL-0001': { category: 'ERROR', text: FAILED, description: 'Unknown AJAX action: %s.' },
  'SVL-0002': { category: 'ERROR', text: FAILED, description: 'Missing the following request parameter: %s' },
  'SVL-0003': { category: 'TRY_AGAIN', text: 'Invalid cookie.' },
  'SVL-0004': { category: 'ERROR', text: FAILED, description: 'Invalid parameter: %s' },
  'SVL-0009': { category: 'ERROR', text: FAILED, description: 'JSON error: %s' },
  'SVL-0015': {
    category: 'PERMISSION_DENIED',
    text: 'This action is disabled.',
    description: 'The action "%s" is disabled due to server configuration',
  },
  'SVL-0019': { category: 'TRY_AGAIN', text: 'Too many concurrent requests. Please try again later.' },
  'SVL-0021': { category: 'ERROR', text: FAILED, description: 'Unknown AJAX action %s in module %s.' },
  'SVL-0023': { category: 'ERROR', text: FAILED, description: 'Missing request body.' },
  'SVL-0029': {
    category: 'ERROR',
    text: FAILED,
    description: 'Client sent invalid JSON data in request body.',
  },
  'SVL-0030': {
    category: 'ERROR',
    text: FAILED,
    description: 'Client sent not allowed request parameter "%s" within the URI.',
  },
  'SESSIONMANAGEMENT-0002': { category: 'USER_INPUT', text: 'Session not found.' },
  'TOKENLOGIN-0003': { category: 'ERROR', text: FAILED, description: 'There is no such token.' },
  'TOKENLOGIN-0005': { category: 'ERROR', text: FAILED, description: 'The session of the token has ended.' },
  'TOKENLOGIN-0006': {
    category: 'PERMISSION_DENIED',
    text: FAILED,
    description: 'The secret is not accepted.',
  },
} as const satisfies Readonly<Record<string, Definition>>;

/** The codes of the errors of the Open-Xchange protocol that this package knows. */
export type OpenXchangeCode = keyof typeof ERRORS;

/** Marks the errors of every copy of this package in the process. */
const OPEN_XCHANGE_ERROR = Symbol.for('express-identity-sessions.OpenXchangeError');

/**
 * A refusal that only the Open-Xchange protocol has. An app can throw it in `authenticate`, to tell its clients the reason:
 *
 * | code | parameters | meaning |
 * |---|---|---|
 * | `LGI-0001` | login name | the account is locked |
 * | `LGI-0002` | login name | the account is not ready yet |
 * | `LGI-0005` | | logins are not possible at the moment |
 * | `LGI-0006` | | the name or the password is wrong, as if `authenticate` returned `null` |
 * | `LGI-0011` | URL | the password has expired and must be changed at the URL |
 * | `LGI-0013` | | the user is not activated |
 * | `LGI-0014` | client id | the client is not activated |
 * | `LGI-0016` | URL | the client must go to the URL |
 * | `LGI-0026` | | the login is denied |
 * | `LGI-0027` | message | the login is denied; the client shows the message |
 * | `MFA-0001` | | a second factor is missing |
 *
 * `instanceof OpenXchangeError` is also true for errors of another copy of this package.
 */
export class OpenXchangeError extends Error {
  override readonly name = 'OpenXchangeError';
  readonly code: OpenXchangeCode;
  /** The parameters of the message. Clients receive them as `error_params`. */
  readonly params: readonly string[];

  /** @throws TypeError if the code is unknown, or a parameter is not text */
  constructor(code: OpenXchangeCode, params: readonly string[] = []) {
    checkError(code, params);
    super(filled(definitionOf(code).description ?? definitionOf(code).text, params));
    this.code = code;
    this.params = params;
  }

  /** Also recognizes errors of other copies of this package. */
  static override [Symbol.hasInstance](value: unknown): value is OpenXchangeError {
    return typeof value === 'object' && value !== null && OPEN_XCHANGE_ERROR in value;
  }

  get [OPEN_XCHANGE_ERROR](): true {
    return true;
  }
}

function checkError(code: unknown, params: unknown): void {
  if (typeof code !== 'string' || !Object.hasOwn(ERRORS, code)) {
    throw new TypeError(
      `\`code\` of an OpenXchangeError is ${JSON.stringify(code)}, but must be one of ${Object.keys(ERRORS).join(', ')}`,
    );
  }
  if (!Array.isArray(params) || !params.every((param) => typeof param === 'string')) {
    throw new TypeError('`params` of an OpenXchangeError must be a list of text, such as `["alice"]`');
  }
}

/**
 * The codes of refusals that are no failed attempt: the credentials were right, or they were not checked. The limits count
 * attempts that are refused with any other code.
 */
const NO_FAILURE: ReadonlySet<OpenXchangeCode> = new Set([
  'LGI-0002',
  'LGI-0003',
  'LGI-0005',
  'LGI-0011',
  'LGI-0013',
  'LGI-0014',
  'LGI-0016',
  'MFA-0001',
  'MFA-0015',
]);

/** Returns true if an attempt to sign in that was refused with this code counts as failed. */
export function isFailedAttempt(code: OpenXchangeCode): boolean {
  return !NO_FAILURE.has(code);
}

/** The body of an error answer. Clients recognize an error by the member `error`, regardless of the status. */
export interface ErrorObject {
  readonly error: string;
  readonly error_params: readonly string[];
  readonly category: number;
  readonly categories: Category;
  readonly code: OpenXchangeCode;
  /** Identifies the node and the error, so that it can be found in logs. */
  readonly error_id: string;
  readonly error_desc: string;
}

/** Builds the body of an error answer. `id` is the error id. */
export function errorObject({ code, params }: OpenXchangeError, id: string): ErrorObject {
  const { category, text, description = text } = definitionOf(code);
  return {
    error: visible(filled(text, params)),
    error_params: params.map(visible),
    category: CATEGORIES[category],
    categories: category,
    code,
    error_id: id,
    error_desc: visible(filled(description, params)),
  };
}

/** Returns the Open-Xchange error for a refusal of this package, with the status of its answer. */
export function errorOfRefusal(
  error: SessionError,
  request: RequestFacts,
): { error: OpenXchangeError; status: number } {
  const is = (code: OpenXchangeCode, params: readonly string[] = [], status = 200) => ({
    error: new OpenXchangeError(code, params),
    status,
  });
  switch (error.code) {
    case 'credentials-missing':
      return is('SES-0201');
    case 'credentials-invalid':
    case 'credentials-ambiguous':
    case 'session-ended':
    case 'session-expired':
    case 'binding-required':
      return is('SES-0203', [request.sessionId]);
    case 'authentication-insufficient':
      // The session lives on. App Suite asks for the second factor if it receives the first code, and shows the message of the other.
      return error.required?.amr === undefined ? is('LGI-0027', [error.message]) : is('MFA-0015');
    case 'ip-changed':
      return is(request.ipChanged, request.ipChanged === 'SES-0203' ? [request.sessionId] : []);
    case 'session-not-found':
      return is('SESSIONMANAGEMENT-0002');
    case 'session-limit-reached':
      if (error.per === 'node') return is('SES-0002');
      return error.per === 'client'
        ? is('SES-0207', [request.client, request.user, request.context])
        : is('SES-0007', [request.user, request.context]);
    case 'credential-changed':
      return is('LGI-0006');
    case 'auth-id-taken':
    case 'session-id-taken':
      return is('SES-0008', [request.user]);
    case 'autologin-disabled':
      return is('SVL-0015', [request.action]);
    case 'permission-missing':
    case 'link-invalid':
    case 'ticket-invalid':
    case 'cross-site':
      return is('LGI-0026', [error.message], 403);
    case 'invalid-request':
      return is('SVL-0004', [withParameterName(error)]);
    case 'too-many-requests':
      return is('SVL-0019', [], 429);
    case 'store-unavailable':
    case 'binding-unavailable':
      // Clients end their session when they receive a code with the prefix SES.
      return is('LGI-0005', [], 503);
  }
}

/** The request parameters whose fields have another name in this package. */
const PARAMETERS: Readonly<Record<string, string>> = { clientId: 'client' };

/** Returns the message with the name of the request parameter instead of the session's field. */
function withParameterName({ field = '', message }: SessionError): string {
  return message.replace(`"${field}"`, `"${PARAMETERS[field] ?? field}"`);
}

/** The facts about a request that error messages contain. */
export interface RequestFacts {
  readonly sessionId: string;
  readonly action: string;
  readonly client: string;
  readonly user: string;
  readonly context: string;
  /** The code of the generation for a changed address. */
  readonly ipChanged: OpenXchangeCode;
}

function definitionOf(code: OpenXchangeCode): Definition {
  return ERRORS[code];
}

/** Inserts the parameters into a message. */
function filled(message: string, params: readonly string[]): string {
  const rest = [...params];
  return message.replace(/%s/g, () => rest.shift() ?? '').trimEnd();
}
