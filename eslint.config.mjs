import drizzle from 'eslint-plugin-drizzle';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const noEnv = {
  object: 'process',
  property: 'env',
  message: 'Read configuration from lib/platform/config.ts only.',
};
const noNow = { object: 'Date', property: 'now', message: 'Use a Clock, so that tests can move time.' };
const noNewDate = {
  selector: "NewExpression[callee.name='Date'][arguments.length=0]",
  message: 'Use a Clock, so that tests can move time.',
};
const noShell = {
  selector: "Property[key.name='shell'][value.value=true]",
  message: 'A shell reads arguments as code.',
};
const noRaw = {
  selector:
    "MemberExpression[property.name='unsafe'], MemberExpression[object.name='sql'][property.name='raw']",
  message: 'Raw SQL belongs in db/ and lib/sources/.',
};

export default tseslint.config(
  {
    ignores: [
      'node_modules',
      '.next',
      '.holdfast',
      '.cache',
      'drizzle',
      'next-env.d.ts',
      '**/*.mjs',
      '**/*.cjs',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { drizzle, 'react-hooks': hooks },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      ...hooks.configs.recommended.rules,
      '@typescript-eslint/no-floating-promises': ['error', { checkThenables: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'drizzle/enforce-delete-with-where': ['error', { drizzleObjectName: ['db', 'tx'] }],
      'drizzle/enforce-update-with-where': ['error', { drizzleObjectName: ['db', 'tx'] }],
      'no-console': 'error',
      'no-restricted-properties': ['error', noEnv, noNow],
      'no-restricted-syntax': ['error', noNewDate, noShell, noRaw],
    },
  },
  {
    files: ['lib/platform/config.ts', 'next.config.ts', 'instrumentation.ts', 'proxy.ts'],
    rules: { 'no-restricted-properties': ['error', noNow] },
  },
  {
    files: ['lib/core/clock.ts'],
    rules: {
      'no-restricted-properties': ['error', noEnv],
      'no-restricted-syntax': ['error', noShell, noRaw],
    },
  },
  { files: ['db/**', 'lib/sources/**'], rules: { 'no-restricted-syntax': ['error', noNewDate, noShell] } },
  {
    files: ['tests/**', 'bench/**', 'scripts/**'],
    rules: {
      'no-restricted-properties': 'off',
      'no-restricted-syntax': ['error', noShell],
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
