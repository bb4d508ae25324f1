/**
 * Returns the functions that set and get a part of a manager that is not in its interface. Verbs of every copy of this package in
 * the process find it, because the property has a global name.
 */
export function managerPart<T>(
  name: string,
): readonly [set: (manager: object, part: T) => void, of: (manager: object) => T] {
  const property = Symbol.for(`express-identity-sessions.${name}`);
  return [
    (manager, part) => void Object.defineProperty(manager, property, { value: part }),
    (manager) => (manager as { readonly [property]: T })[property],
  ];
}
