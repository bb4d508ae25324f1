const { availableParallelism } = require('node:os');

const { partitionedTests, slowTests } = require('./test/jest-projects.js');

/** @type {import('jest').Config} */
module.exports = {
  // More workers than cores on small machines, because tests with a database often wait for it. Never one worker: test
  // files must be able to run at the same time.
  maxWorkers: Math.max(3, Math.ceil(availableParallelism() / 2)),
  testTimeout: 30_000,
  collectCoverageFrom: ['lib/**/*.ts'],
  projects: [
    {
      ...project('quick'),
      testPathIgnorePatterns: slowTests().map((path) => `<rootDir>/${path.replaceAll('.', '\\.')}$`),
    },
    {
      ...project('database'),
      testMatch: slowTests().map((path) => `<rootDir>/${path}`),
      // One PostgreSQL for the whole run. Every test file gets a database of its own from it.
      globalSetup: '<rootDir>/test/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/global-teardown.ts',
    },
    {
      ...project('partitions'),
      // The contract tests and the races again, on partitions.
      testMatch: partitionedTests().map((path) => `<rootDir>/${path}`),
      globalSetup: '<rootDir>/test/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/global-teardown.ts',
      setupFiles: ['<rootDir>/test/support/partitioned-layout.js'],
    },
  ],
};

/** @param {string} displayName */
function project(displayName) {
  return {
    displayName,
    rootDir: __dirname,
    roots: ['<rootDir>/test'],
    testMatch: ['**/*.test.ts'],
    testEnvironment: 'node',
    /** @type {Record<string, [string, object]>} */
    transform: { '^.+\\.ts$': ['@swc/jest', { swcrc: false, jsc: { target: 'es2023' } }] },
    restoreMocks: true,
  };
}
