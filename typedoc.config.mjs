// Configuration of `npm run docs`. The entry points are those in package.json.
import { readFileSync } from 'node:fs';

const { exports } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: 'express-identity-sessions',
  entryPoints: Object.values(exports)
    .filter((entry) => typeof entry === 'object')
    .map(({ types }) => types.replace('./dist/', '').replace(/\.d\.ts$/, '.ts')),
  tsconfig: 'tsconfig.build.json',
  out: 'api',
  readme: 'README.md',
  projectDocuments: ['docs/*.md'],
  disableSources: true,
  excludeInternal: true,
  excludePrivate: true,
  validation: {
    invalidLink: true,
    invalidPath: true,
    notDocumented: true,
    notExported: true,
    rewrittenLink: true,
  },
  requiredToBeDocumented: ['Class', 'Enum', 'Function', 'Interface', 'TypeAlias', 'Variable'],
};
