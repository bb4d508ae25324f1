const { availableParallelism } = require('node:os');

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { swcrc: false, jsc: { target: 'es2023' } }] },

  // One PostgreSQL for the whole run; every test file gets a database of its own from it.
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',

  // Half of the cores is left to PostgreSQL. Never one worker: tests have to get along with each other.
  maxWorkers: Math.max(2, Math.ceil(availableParallelism() / 2)),
  testTimeout: 30_000,
  restoreMocks: true,
  collectCoverageFrom: ['lib/**/*.ts'],
};
