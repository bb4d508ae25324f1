/**
 * The layers of `lib/`, lowest first. An entry is a folder or a file below `lib/`. If several entries match a file, the
 * longest one decides. A file imports only from lower layers and from its own folder. `docs/architecture.md` prints this
 * list.
 */
export const LAYERS: readonly (readonly string[])[] = [
  ['session/end-reason', 'session/duration'],
  ['errors', 'health', 'version', 'clock', 'lru', 'slices', 'options/reader', 'options/checks'],
  ['session'],
  ['events'],
  ['store/store', 'changes/changes', 'changes/hint', 'location/location'],
  ['options', 'database'],
  ['store', 'changes', 'location', 'migrations'],
  ['manager'],
  ['http'],
  ['protocols', 'passport', 'express-session', 'testing', 'metrics'],
  ['create', 'index'],
  ['cli'],
];

/** The layer's number, or -1 if the list has no entry for the module. `module` is a path such as `lib/store/cached`. */
export function layerOf(module: string): number {
  const matches = LAYERS.flatMap((entries, layer) =>
    entries
      .filter((entry) => isWithin(module, `lib/${entry}`))
      .map((entry) => ({ layer, length: entry.length })),
  );
  return matches.sort((one, other) => other.length - one.length)[0]?.layer ?? -1;
}

function isWithin(module: string, entry: string): boolean {
  return module === entry || module.startsWith(`${entry}/`);
}
