/** The place of an IP address, as far as it is known. */
export interface Place {
  /** The name of the city. */
  readonly city?: string | undefined;
  /** The names of the city in other languages, by language tag: `{ de: 'München' }`. */
  readonly cityNames?: Readonly<Record<string, string>> | undefined;
  /** The country as ISO 3166-1 alpha-2 code, such as `DE`. */
  readonly country?: string | undefined;
  /** True if the address is not in a public network. The other fields are ignored then. */
  readonly intranet?: boolean | undefined;
}
