import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores(['dist/', 'api/', 'coverage/', '.demo-postgres/', 'fault-results/']),

  {
    files: ['**/*.ts', 'examples/**/*.mjs'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-console': ['error', { allow: ['warn', 'error'] }],
      'prefer-const': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // Some implementations of a contract have nothing to await, but their methods are async like those of the others.
      '@typescript-eslint/require-await': 'off',
    },
  },

  {
    files: ['lib/**/*.ts'],
    // A predictable length of a pause does no harm.
    ignores: ['lib/clock.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'Math',
          property: 'random',
          message: 'Its values are predictable: use random bytes from node:crypto.',
        },
      ],
    },
  },

  {
    files: ['test/**/*.ts'],
    rules: {
      // Response bodies are `any` in supertest, and the expectations check them anyway.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // `expect(object.method)` passes methods unbound.
      '@typescript-eslint/unbound-method': 'off',
    },
  },

  {
    files: ['**/*.mjs'],
    // This rule ignores types in JSDoc comments.
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },

  {
    files: ['test/**/*.ts', 'examples/**/*', 'bench/**/*'],
    rules: { 'no-console': 'off' },
  },
);
