/** The names that a call, or a set of options, knows. A record, so that the compiler misses one that is forgotten. */
export type Names<T> = Readonly<Record<keyof T, true>>;

/**
 * Insists that what the app's own code hands over by name is a plain object with names that the call knows: a misspelt
 * filter, or a text in its place, would be passed over, and the act reach further than was meant. Values are not judged
 * here: they may come from requests, names never do.
 * @throws TypeError that says what the call takes
 */
export function insistOnNames<T extends object>(call: string, given: T, names: Names<T>): void {
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
export function insistOnBounds<T extends object>(call: string, given: T, names: Names<T>): void {
  insistOnNames(call, given, names);
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
