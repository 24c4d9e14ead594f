// ESLint: strict TypeScript, and the import graph between the folders (docs/architecture.md).
import tseslint from 'typescript-eslint';

/** The folders a folder may not import from; what decides may also not do I/O. */
const IO = ['node:fs', 'node:fs/*', 'node:net', 'node:child_process', 'node:http', 'node:https', 'node:worker_threads'];
const boundaries = [
  { files: ['crds/**'], forbid: ['**/operator/**', '**/node-agent/**', '**/cli/**'] },
  {
    files: ['operator/plan/**', 'operator/rollup/**'],
    forbid: ['**/kube/**', '**/controller/**', '**/node-agent/**', ...IO],
  },
  {
    files: ['operator/kube/**'],
    forbid: ['**/plan/**', '**/rollup/**', '**/controller/**', '**/node-agent/**', '**/crds/**'],
  },
  { files: ['operator/controller/**'], forbid: ['**/node-agent/**'] },
  {
    files: ['node-agent/scsi/**'],
    forbid: [
      '**/operator/**',
      '**/engine/**',
      '**/agent/**',
      '**/lio/**',
      '**/native/**',
      '**/backing/**',
      '**/protocol/**',
      ...IO,
    ],
  },
  {
    files: ['node-agent/protocol/**'],
    forbid: ['**/operator/**', '**/engine/**', '**/agent/**', '**/lio/**', '**/scsi/**', '**/native/**'],
  },
  {
    files: ['node-agent/engine/**', 'node-agent/backing/**', 'node-agent/native/**'],
    forbid: ['**/operator/**', '**/agent/**', '**/lio/**', '**/devices/**', '@kubernetes/*'],
  },
  {
    files: ['node-agent/lio/**', 'node-agent/devices/**'],
    forbid: ['**/operator/**', '**/engine/**', '**/scsi/**', '**/agent/**'],
  },
  { files: ['node-agent/lio/diff/**'], forbid: IO },
  {
    files: ['cli/**'],
    forbid: [
      '**/controller/**',
      '**/rollup/**',
      '**/engine/**',
      '**/agent/**',
      '**/scsi/**',
      '**/devices/**',
      '**/native/**',
    ],
  },
  { files: ['cli/scstconf/**', 'cli/forecast/**'], forbid: ['**/kube/**', '**/node-agent/**', ...IO] },
  { files: ['node-agent/agent/**'], forbid: ['**/engine/**', '**/scsi/**', '**/controller/**'] },
];

export default tseslint.config(
  { ignores: ['dist/**', 'build/**', 'node_modules/**', 'crds/types/**', 'crds/types.ts', '**/*.cjs', '**/*.mjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
      'max-lines': ['error', 400],
      'max-depth': ['error', 4],
      complexity: ['error', 20],
      'no-console': 'error',
    },
  },
  ...boundaries.map(({ files, forbid }) => ({
    files,
    ignores: ['**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ group: forbid, message: 'the import graph of docs/architecture.md forbids this' }] },
      ],
    },
  })),
  { files: ['test/**', '**/*.test.ts'], rules: { 'no-console': 'off', '@typescript-eslint/require-await': 'off' } },
);
