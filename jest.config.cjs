// Jest: one project per test level, so that each level has its own make target.
const common = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.[tj]s$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // client-node 1.4 and these of its dependencies are ES modules, which jest has to transform.
  transformIgnorePatterns: [
    '/node_modules/(?!(@kubernetes/client-node|openid-client|oauth4webapi|jose|@marcbachmann/cel-js)/)',
  ],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};
const level = (displayName, testMatch, options = {}) => ({ ...common, displayName, testMatch, ...options });

module.exports = {
  testSequencer: '<rootDir>/test/longest-first.cjs',
  projects: [
    level('unit', [
      '<rootDir>/{crds,operator,node-agent,cli}/**/*.test.ts',
      '<rootDir>/test/{conformance,env,model}/**/*.test.ts',
    ]),
    level('native', ['<rootDir>/test/native/**/*.test.ts']),
    level('cluster', ['<rootDir>/test/cluster/**/*.test.ts']),
    level('kernel', ['<rootDir>/test/kernel/**/*.test.ts'], {
      testPathIgnorePatterns: ['/test/kernel/two-cpus/'],
      globals: { TEST_KERNEL: 'uml' },
    }),
    // The same faults again in QEMU with two CPUs, and what makes sense only there.
    level('two-cpus', ['<rootDir>/test/kernel/{faults,two-cpus}/**/*.test.ts'], { globals: { TEST_KERNEL: 'qemu' } }),
    level('e2e', ['<rootDir>/test/e2e/**/*.test.ts']),
  ],
};
