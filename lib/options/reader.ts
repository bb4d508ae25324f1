/**
 * Checks a value that an app passed. Returns the value in force, for example a duration in milliseconds. Throws an error
 * if the value is invalid; the message completes a sentence such as "`lease` is -1: it must be …".
 */
export type Check<T> = (given: unknown) => T;

/**
 * One option, or a group of options under one name. `default` is written as an app would write it. `required` is for an
 * option without a default; it says what the app must write. Messages do not show the value of a `secret` option. `off`
 * allows `false` in the place of a group.
 */
export type OptionRow<Given> =
  | {
      readonly check: Check<unknown>;
      readonly default?: Given;
      readonly required?: string;
      readonly secret?: true;
    }
  | { readonly group: OptionTable<Exclude<Given, false | undefined>>; readonly off?: true };

/** One row for each member of `Options`. The compiler reports missing and unknown rows. */
export type OptionTable<Options> = {
  readonly [Name in keyof Options]-?: OptionRow<Exclude<Options[Name], undefined>>;
};

/** The values in force that `readOptions` returns for a table. */
export type OptionValues<Table> = { readonly [Name in keyof Table]: RowValue<Table[Name]> };

type RowValue<Row> = Row extends { readonly group: infer Group }
  ? OptionValues<Group> | (Row extends { readonly off: true } ? false : never)
  : Row extends { readonly check: Check<infer Value> }
    ? Value | (Row extends { readonly default: unknown } | { readonly required: string } ? never : undefined)
    : never;

export type AnyTable = Readonly<Record<string, AnyOption | AnyGroup>>;

interface AnyOption {
  readonly check: Check<unknown>;
  readonly default?: unknown;
  readonly required?: string;
  readonly secret?: true;
}

interface AnyGroup {
  readonly group: AnyTable;
  readonly off?: true;
}

/** Parts of the messages of `readOptions`, and the checks that concern several options. */
export interface Reading<Values> {
  /** The first line of the error message, such as `restRouter cannot be built`. */
  readonly heading: string;
  /** Precedes the options' names in messages, such as `cookies.`. */
  readonly prefix?: string;
  /** Yields a problem for each combination of options that cannot be used. Invalid options have their default here. */
  readonly contradictions?: (values: Values) => Iterable<string>;
}

/**
 * Checks options against their table and fills in the defaults. `undefined` counts as not given.
 * @throws TypeError that lists every problem at once, each with a fix
 */
export function readOptions<Table extends AnyTable>(
  given: object,
  table: Table,
  { heading, prefix = '', contradictions }: Reading<OptionValues<Table>>,
): OptionValues<Table> {
  const problems: string[] = [];
  const values = read(given, table, prefix, problems) as OptionValues<Table>;
  if (contradictions !== undefined) problems.push(...contradictions(values));
  throwIfAny(problems, heading);
  return values;
}

function read(given: unknown, table: AnyTable, prefix: string, problems: string[]): Record<string, unknown> {
  if (!isGroup(given)) {
    problems.push(`the options are ${quoted(given)}: they must be an object`);
    return read({}, table, prefix, []);
  }
  problems.push(...unknownNames(given, table, prefix));
  const values: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(table)) {
    const readRow = 'group' in row ? readGroup : readOption;
    values[name] = readRow(given[name], row as AnyGroup & AnyOption, `${prefix}${name}`, problems);
  }
  return values;
}

function readGroup(given: unknown = {}, { group, off }: AnyGroup, path: string, problems: string[]): unknown {
  if (off && given === false) return false;
  if (isGroup(given)) return read(given, group, `${path}.`, problems);
  problems.push(invalid(path, given, `it must be ${off ? 'false or ' : ''}an object`));
  return read({}, group, path, []);
}

function readOption(given: unknown, row: AnyOption, path: string, problems: string[]): unknown {
  if (given !== undefined) {
    try {
      return row.check(given);
    } catch (error) {
      const problem = (error as Error).message;
      problems.push(row.secret ? `\`${path}\` cannot be used: ${problem}` : invalid(path, given, problem));
    }
  } else if (row.required !== undefined) {
    problems.push(`\`${path}\` is missing: ${row.required}`);
  }
  return row.default === undefined ? undefined : row.check(row.default);
}

/** A misspelt name would otherwise leave a default in force without anybody noticing. */
function unknownNames(given: object, table: AnyTable, prefix: string): string[] {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(table, name));
  return unknown.map((name) => {
    const meant = Object.keys(table).find((known) => known.toLowerCase() === name.toLowerCase());
    const hint = meant === undefined ? '' : `, did you mean \`${prefix}${meant}\`?`;
    return `there is no option \`${prefix}${name}\`${hint}`;
  });
}

function invalid(path: string, given: unknown, problem: string): string {
  return `\`${path}\` is ${quoted(given)}: ${problem}`;
}

/** @throws TypeError that lists the problems, if there are any */
export function throwIfAny(problems: readonly string[], heading: string): void {
  if (problems.length > 0) throw new TypeError(`${heading}:\n- ${problems.join('\n- ')}`);
}

/** The longest value, in characters, that a message shows in full. */
const LONGEST_QUOTE = 200;

function quoted(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (json(value) ?? typeof value);
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}

/** Returns undefined for values that JSON cannot show, such as functions, bigints and circular objects. */
function json(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The names of the members of `T`. A record, so that the compiler reports a missing name. */
export type Names<T> = Readonly<Record<keyof T, true>>;

/**
 * Checks that a named argument is a plain object whose names the method knows. A misspelt filter would be ignored, and the
 * method would affect more than the app meant. Only names are checked, because they come from the app's code; values may
 * come from requests and are checked by the method.
 * @throws TypeError with the names that the method accepts
 */
export function checkNames<T extends object>(method: string, given: T, names: Names<T>): void {
  const expected = () =>
    `pass a plain object with ${Object.keys(names)
      .map((name) => `\`${name}\``)
      .join(', ')}`;
  if (!isPlainObject(given)) {
    throw new TypeError(`\`${method}\` was called with ${kindOf(given)}: ${expected()}`);
  }
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(names, name));
  if (unknown !== undefined) throw new TypeError(`\`${method}\` has no \`${unknown}\`: ${expected()}`);
}

/**
 * The check of names for an argument that limits an irreversible act. A name that is present must have a value, because
 * an unexpected `undefined` would remove the limit.
 * @throws TypeError
 */
export function checkScope<T extends object>(method: string, given: T, names: Names<T>): void {
  checkNames(method, given, names);
  const missing = Object.entries(given).find(([, value]) => value === undefined);
  if (missing === undefined) return;
  throw new TypeError(
    `\`${missing[0]}\` is undefined: \`${method}\` would end more than you mean; leave it out if you mean that`,
  );
}

/** Accepts plain objects from other realms, whose prototype is another root. Rejects arrays. */
function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  return Array.isArray(value) ? 'a list' : 'an object of a class';
}
