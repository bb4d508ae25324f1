import { LONGEST_DURATION, milliseconds, type Duration } from '../session/duration';

type Values = Readonly<Record<string, unknown>>;

/** Reads options one by one; of a wrong one it notes the problem and goes on with the default. */
export class OptionReader {
  readonly #given: Values;
  readonly #defaults: Values;
  readonly #prefix: string;
  readonly #problems: string[];

  constructor(given: object, defaults: object, prefix: string, problems: string[]) {
    // Types forbid anything else, and JavaScript does not.
    if (!isGroup(given)) problems.push(`${quoted(given)} is given where an object of options belongs`);
    this.#given = isGroup(given) ? given : {};
    this.#defaults = defaults as Values;
    this.#prefix = prefix;
    this.#problems = problems;
  }

  /** Notices misspelt names, which would otherwise leave a default in force that nobody wanted. */
  nothingBut(names: Readonly<Record<string, true>>): void {
    for (const name of Object.keys(this.#given)) {
      if (Object.hasOwn(names, name)) continue;
      const meant = Object.keys(names).find((known) => known.toLowerCase() === name.toLowerCase());
      const hint = meant === undefined ? '' : `, did you mean \`${this.#prefix}${meant}\`?`;
      this.#problems.push(`there is no option \`${this.#prefix}${name}\`${hint}`);
    }
  }

  /** The reader of options that stand together under a name; of them it notices misspelt names too. */
  group(name: string, names: Readonly<Record<string, true>>, defaults: object = {}): OptionReader {
    const given = this.given<object>(name, isGroup, 'an object') ?? {};
    const read = new OptionReader(given, defaults, `${this.#prefix}${name}.`, this.#problems);
    read.nothingBut(names);
    return read;
  }

  /** What was given, or the default; `undefined` counts as not given. */
  value(name: string): unknown {
    return this.#given[name] === undefined ? this.#defaults[name] : this.#given[name];
  }

  flag(name: string): boolean {
    return this.#checked(name, isFlag, 'true or false');
  }

  flagOr<T>(name: string, isOther: (value: unknown) => boolean, other: string): boolean | T {
    return this.#checked(name, (value) => isFlag(value) || isOther(value), `true or false or ${other}`);
  }

  oneOf<T extends string>(name: string, words: readonly T[]): T {
    const expected = words.map((word) => `"${word}"`).join(' or ');
    return this.#checked(name, (value) => words.includes(value as T), expected);
  }

  matching(name: string, form: RegExp, expected: string): string {
    return this.#checked(name, (value) => typeof value === 'string' && form.test(value), expected);
  }

  count(name: string, min: number, max: number): number {
    const inRange = (value: unknown) =>
      Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
    return this.#checked(name, inRange, `a whole number from ${min} to ${max}`);
  }

  duration(name: string, min: number, max = LONGEST_DURATION): number {
    const inRange = (value: unknown) => {
      const length = lengthOf(value);
      return length >= min && length <= max;
    };
    const expected = `from ${min} to ${max} milliseconds, as a number or as text such as "30D", "12H" or "5M" (minutes)`;
    return lengthOf(this.#checked(name, inRange, expected));
  }

  list<T>(name: string, isItem: (value: unknown) => boolean, items: string): readonly T[] {
    return this.#checked(name, (value) => Array.isArray(value) && value.every(isItem), `a list of ${items}`);
  }

  object(name: string): object {
    return this.#checked(name, isGroup, 'an object');
  }

  /** What was given, if anything was: such options have their default elsewhere. */
  given<T>(name: string, isRight: (value: unknown) => boolean, expected: string): T | undefined {
    return this.#checked(name, (value) => value === undefined || isRight(value), expected);
  }

  givenFunction<T>(name: string, expected = 'a function'): T | undefined {
    return this.given<T>(name, isFunction, expected);
  }

  #checked<T>(name: string, isRight: (value: unknown) => boolean, expected: string): T {
    const value = this.value(name);
    if (isRight(value)) return value as T;
    this.#problems.push(`\`${this.#prefix}${name}\` is ${quoted(value)}: it must be ${expected}`);
    return this.#defaults[name] as T;
  }
}

export function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/**
 * The check of options of which nothing but their names can be wrong.
 * @throws TypeError that lists those that there are not
 */
export function checkOptionNames(
  options: object,
  names: Readonly<Record<string, true>>,
  heading: string,
): void {
  const problems: string[] = [];
  new OptionReader(options, {}, '', problems).nothingBut(names);
  throwIfAny(problems, heading);
}

/** @throws TypeError that lists the problems, if there are any */
export function throwIfAny(problems: readonly string[], heading: string): void {
  if (problems.length > 0) throw new TypeError(`${heading}:\n- ${problems.join('\n- ')}`);
}

function isGroup(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean';
}

/** NaN for what is no duration. */
function lengthOf(value: unknown): number {
  try {
    return milliseconds(value as Duration);
  } catch {
    return NaN;
  }
}

function quoted(value: unknown): string {
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value);
}

/** The names that a call, or a set of options, knows. A record, so that the compiler misses one that is forgotten. */
export type Names<T> = Readonly<Record<keyof T, true>>;

/**
 * Insists that what the app's own code hands over by name is a plain object with names that the call knows: a misspelt
 * filter, or a text in its place, would be passed over, and the act reach further than was meant. Values are not judged
 * here: they may come from requests, names never do.
 * @throws TypeError that says what the call takes
 */
export function checkNames<T extends object>(call: string, given: T, names: Names<T>): void {
  if (!isPlainObject(given)) throw mistake(`\`${call}\` was given ${kindOf(given)}`, names);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(names, name));
  if (unknown !== undefined) throw mistake(`\`${call}\` knows no \`${unknown}\``, names);
}

function mistake(what: string, names: Readonly<Record<string, true>>): TypeError {
  const known = Object.keys(names).map((name) => `\`${name}\``);
  return new TypeError(`${what}: it takes a plain object, of ${known.join(', ')}`);
}

/**
 * The same for what says how far an act goes that cannot be taken back: what is named must say something, for an
 * `undefined` that the app did not expect would be no bound at all.
 * @throws TypeError
 */
export function checkScope<T extends object>(call: string, given: T, names: Names<T>): void {
  checkNames(call, given, names);
  const unsaid = Object.entries(given).find(([, value]) => value === undefined);
  if (unsaid === undefined) return;
  throw new TypeError(
    `\`${unsaid[0]}\` is undefined: \`${call}\` would end more than you mean; leave it out to have that`,
  );
}

/** Also one of another realm, whose prototype is another root; no list, for that of lists is none. */
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
