/** Where an address is, as far as anybody knows. */
export interface Place {
  readonly city?: string | undefined;
  /** What the city is called in other languages, by their tags: `{ de: 'München' }`. */
  readonly cityNames?: Readonly<Record<string, string>> | undefined;
  /** ISO 3166-1 alpha-2, such as `DE`. */
  readonly country?: string | undefined;
  /** Whether the address belongs to no public network: then no more is said of it. */
  readonly intranet?: boolean | undefined;
}
