/** A point in time as JSON has it, by ISO 8601 in UTC: `2026-01-15T12:00:00.000Z`. */
export function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
