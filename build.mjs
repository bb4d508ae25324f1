// `npm run build`: compiles lib/ and migrations/ to dist/, which the tarball contains.
//
// The JavaScript has no comments, because the declarations have them. The declarations of each entry point are bundled, so that
// they contain only types that apps can reach. Together this halves the tarball.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import ts from 'typescript';

const ALL_DECLARATIONS = 'dist/declarations';

process.chdir(fileURLToPath(new URL('.', import.meta.url)));

// Without this, a renamed file would stay in the tarball under its old name.
rmSync('dist', { recursive: true, force: true });
const require = createRequire(import.meta.url);
const tsc = require.resolve('typescript/bin/tsc');
const options = ['-p', 'tsconfig.build.json', '--declarationDir', ALL_DECLARATIONS];
execFileSync(process.execPath, [tsc, ...options], { stdio: 'inherit' });
removeComments();
await bundleDeclarations();
entryPoints().forEach(markTypes);
rmSync(ALL_DECLARATIONS, { recursive: true });

function removeComments() {
  for (const name of readdirSync('dist', { recursive: true }).filter((each) => each.endsWith('.js'))) {
    const path = join('dist', name);
    const compilerOptions = {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      removeComments: true,
    };
    const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
      fileName: path,
      compilerOptions,
    });
    writeFileSync(path, outputText);
  }
}

async function bundleDeclarations() {
  const bundle = await rollup({
    input: Object.fromEntries(
      entryPoints().map((name) => [name, join(ALL_DECLARATIONS, 'lib', `${name}.d.ts`)]),
    ),
    plugins: [dts()],
    external: (path) => !/^[./]/.test(path),
    onLog: (level, { message }) => {
      throw new Error(`Declarations cannot be bundled: ${level}: ${message}`);
    },
  });
  await bundle.write({
    dir: 'dist/lib',
    entryFileNames: '[name].d.ts',
    chunkFileNames: ({ name }) => `declarations/${name.replace(/\.d$/, '')}.d.ts`,
    minifyInternalExports: false,
  });
}

/** Marks classes and constants as types where only their types are exported, because a bundle does not know them apart. */
function markTypes(name) {
  const path = `dist/lib/${name}.d.ts`;
  const values = new Set(Object.keys(require(`./dist/lib/${name}.js`)));
  const isValue = (specifier) => values.has(specifier.split(' as ').at(-1));
  const exports = /^export \{ (.*) \}(.*);$/gm;
  const marked = readFileSync(path, 'utf8').replace(exports, (_, list, from) => {
    const specifiers = list.split(', ').map((each) => (isValue(each) ? each : `type ${each}`));
    return `export { ${specifiers.join(', ')} }${from};`;
  });
  writeFileSync(path, marked);
}

/** The entry points with types, by their paths in lib/ without extension. */
function entryPoints() {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
  const declarations = Object.values(exports).flatMap(({ types = [] }) => types);
  return declarations.map((path) => path.replace(/^\.\/dist\/lib\/(.*)\.d\.ts$/, '$1'));
}
