/** How a node hears at once of what the other has ended: by PostgreSQL's notices, by a Redis alone, or by nothing. */
export const HINTS = ['listen', 'redis', 'none'] as const;

export type HintKind = (typeof HINTS)[number];
