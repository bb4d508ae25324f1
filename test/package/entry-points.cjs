'use strict';

const { exports: entryPoints, name } = require('express-identity-sessions/package.json');

/** Prints the names that each entry point gives to `require` and to `import`. */
async function main() {
  const names = {};
  for (const path of Object.keys(entryPoints).filter((each) => !/\.js(on)?$/.test(each))) {
    const specifier = name + path.slice(1);
    const required = Object.keys(require(specifier));
    const imported = Object.keys(await import(specifier));
    names[path] = { required, imported };
  }
  console.log(JSON.stringify(names));
}

void main();
