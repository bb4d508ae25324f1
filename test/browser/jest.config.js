const main = require('../../jest.config.js');

// The tests in a real browser, which `npm run test:browser` runs. Their files end in `.browser.ts`, so that `npm test` leaves them out.
const database = main.projects.find(({ displayName }) => displayName === 'database');

/** @type {import('jest').Config} */
module.exports = {
  ...database,
  displayName: 'browser',
  roots: ['<rootDir>/test/browser'],
  testMatch: ['**/*.browser.ts'],
  // Two browsers and a server on a busy machine.
  testTimeout: 90_000,
};
