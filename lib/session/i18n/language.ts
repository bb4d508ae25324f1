/** Returns a lower-case language tag and its parents, the most specific first: `de-at`, then `de` (RFC 4647, 3.4). */
export function tagAndParents(tag: string): string[] {
  const parts = tag.split('-');
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('-'));
}

/**
 * Returns the tag that fits an `Accept-Language` header best, or undefined if none fits. `available` holds lower-case
 * tags; of equally good tags, the first is chosen. A range that is not available falls back to its parents, and then to
 * other tags of the same parent: `pt-PT` accepts `pt`, and otherwise `pt-BR`. A tag that the header refuses with `;q=0`,
 * or whose parent it refuses, is never chosen unless the header accepts the tag itself.
 */
export function preferredLanguage(acceptLanguage: string, available: readonly string[]): string | undefined {
  const ranges = languageRanges(acceptLanguage);
  const qualities = new Map(ranges.map(({ range, quality }) => [range, quality]));
  const isRefused = (tag: string) =>
    tagAndParents(tag)
      .map((each) => qualities.get(each))
      .find((quality) => quality !== undefined) === 0;
  const tags = available.filter((tag) => !isRefused(tag));
  const wanted = ranges.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality);
  for (const { range } of wanted) {
    const tag = range === '*' ? tags[0] : closest(range, tags);
    if (tag !== undefined) return tag;
  }
  return undefined;
}

function closest(range: string, tags: readonly string[]): string | undefined {
  for (const each of tagAndParents(range)) {
    const tag = tags.includes(each) ? each : tags.find((other) => other.startsWith(`${each}-`));
    if (tag !== undefined) return tag;
  }
  return undefined;
}

/** The number of characters of an `Accept-Language` header that are read. */
const LONGEST_HEADER = 1000;

const RANGE = /^\s*([a-z]{1,8}(?:-[a-z\d]{1,8}){0,8}|\*)\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?$/;

/** Returns the language ranges of the header (RFC 9110, 12.5.4) in lower case. Invalid ranges are ignored. */
export function languageRanges(acceptLanguage: string): { range: string; quality: number }[] {
  const items = acceptLanguage.slice(0, LONGEST_HEADER).toLowerCase().split(',');
  return items.flatMap((item) => {
    const [, range, quality = '1'] = RANGE.exec(item) ?? [];
    return range === undefined ? [] : [{ range, quality: Number(quality) }];
  });
}
