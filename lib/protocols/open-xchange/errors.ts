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
  /** The message for users. */
  readonly text: string;
  /** The message for developers, if it differs. `%s` stands for the next parameter. */
  readonly description?: string;
}

const FAILED = 'An error occurred. Please try again later.';

/** The errors of Open-Xchange that this package sends. */
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
  'SES-0207': {
    category: 'ERROR',
    text: 'You have too many sessions with this client. Please end some of them.',
    description: 'Max. number of sessions exceeded for client %s of user %s in context %s',
  },
  'LGI-0005': { category: 'SERVICE_DOWN', text: 'Login not possible at the moment. Please try again later.' },
  'LGI-0006': { category: 'USER_INPUT', text: 'Invalid credentials.' },
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
} as const satisfies Readonly<Record<string, Definition>>;

/** The codes of the errors that this package sends in the Open-Xchange protocol. */
export type OpenXchangeCode = keyof typeof ERRORS;

/** A refusal that only the Open-Xchange protocol has. */
export class OpenXchangeError extends Error {
  override readonly name = 'OpenXchangeError';

  constructor(
    readonly code: OpenXchangeCode,
    readonly params: readonly string[] = [],
  ) {
    super(descriptionOf(code, params));
  }
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
  const { category, text } = ERRORS[code];
  return {
    error: text,
    error_params: params.map(visible),
    category: CATEGORIES[category],
    categories: category,
    code,
    error_id: id,
    error_desc: visible(descriptionOf(code, params)),
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
    case 'ip-changed':
      return is('SES-0203', [request.sessionId]);
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
    case 'cross-site':
      return is('LGI-0026', [error.message], 403);
    case 'invalid-request':
      return is('SVL-0004', [withParameterName(error)]);
    case 'too-many-requests':
      return is('SVL-0019', [], 429);
    case 'store-unavailable':
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
}

function descriptionOf(code: OpenXchangeCode, params: readonly string[]): string {
  const definition: Definition = ERRORS[code];
  const rest = [...params];
  return (definition.description ?? definition.text).replace(/%s/g, () => rest.shift() ?? '');
}
