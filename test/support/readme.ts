import { snippet } from './snippets';

/** Returns the app in the README's section "Install". */
export function readmeApp(): string {
  return snippet('README.md', 'Install', 'ts');
}
