/** The tag and what it is a case of, by RFC 4647, "Lookup": `de-at`, then `de`. */
export function lookup(tag: string): string[] {
  const parts = tag.split('-');
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('-'));
}

/** How much of an `Accept-Language` header is read, in characters. */
const LONGEST_HEADER = 1000;

const RANGE = /^\s*([a-z]{1,8}(?:-[a-z\d]{1,8}){0,8}|\*)\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?$/;

/** The language ranges of the header, by RFC 9110, and how welcome they are; what is none is passed over. */
export function languageRanges(acceptLanguage: string): { range: string; quality: number }[] {
  const items = acceptLanguage.slice(0, LONGEST_HEADER).toLowerCase().split(',');
  return items.flatMap((item) => {
    const [, range, quality = '1'] = RANGE.exec(item) ?? [];
    return range === undefined ? [] : [{ range, quality: Number(quality) }];
  });
}
