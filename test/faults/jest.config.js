/** What needs more of the machine than Node: `redis-server`. */
/** @type {import('jest').Config} */
module.exports = {
  ...require('../../jest.config.js'),
  rootDir: '../..',
  testMatch: ['**/faults/redis-hint.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
