/** How nodes notify each other: by PostgreSQL's NOTIFY, only by Redis, or not at all. */
export const HINTS = ['listen', 'redis', 'none'] as const;

export type HintKind = (typeof HINTS)[number];
