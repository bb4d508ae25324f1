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
      // A method of a contract whose other implementations wait is async even where it has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
    },
  },

  {
    files: ['lib/**/*.ts'],
    // The length of a pause may be predicted.
    ignores: ['lib/clock.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'It can be predicted: take bytes from node:crypto.' },
      ],
    },
  },

  {
    files: ['test/**/*.ts'],
    rules: {
      // A response body is `any` in supertest, and a test says what it expects of it anyway.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // expect(object.method) is how Jest is asked about a method.
      '@typescript-eslint/unbound-method': 'off',
    },
  },

  {
    files: ['**/*.mjs'],
    // The type that a JSDoc comment gives to a value is not seen by this rule.
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },

  {
    files: ['test/**/*.ts', 'examples/**/*', 'bench/**/*'],
    rules: { 'no-console': 'off' },
  },
);
