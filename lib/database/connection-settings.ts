/**
 * Checks an option that contains connection settings in the form of Knex's `connection`.
 * @throws TypeError that does not contain the settings, because of the password
 */
export function checkConnection(option: string, settings: unknown): void {
  if (typeof settings === 'function' || isObject(settings)) return;
  if (typeof settings === 'string' && isPostgresUrl(settings)) return;
  throw new TypeError(
    `\`${option}\` must be a value for Knex's \`connection\`: a URL such as "postgres://user:password@host/database", ` +
      'an object such as `{ host, user, password, database }`, or a function that returns an object. ' +
      'In a URL, encode special characters of the password with `encodeURIComponent`',
  );
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Knex takes other text as the name of a file, and then connects to the default server. */
function isPostgresUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // A `#` in a password is the likely reason for a fragment.
  return url?.hash === '' && /^postgres(ql)?:$/.test(url.protocol);
}
