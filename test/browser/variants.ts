import type { BrowserContextOptions } from 'playwright-core';

/** The browsers in which each page is used, with their names. */
export const VARIANTS: readonly [string, BrowserContextOptions][] = [
  ['with scripts', {}],
  ['without scripts', { javaScriptEnabled: false }],
  ['in German', { locale: 'de-DE' }],
  ['on a phone', { viewport: { width: 390, height: 844 }, hasTouch: true }],
  ['in dark mode', { colorScheme: 'dark' }],
];
