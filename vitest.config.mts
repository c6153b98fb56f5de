// Two kinds of tests, told apart by the file's name: *.slow.test.* is for `npm run test:slow`, any other for `npm test`.
// A test is slow if it takes more than a few seconds, or needs a build that the others do without: the prebuilt addon,
// or one with sanitizers.

import { defineConfig } from 'vitest/config';

const all = 'test/**/*.test.{ts,mts}';
const slow = 'test/**/*.slow.test.{ts,mts}';
// vitest's option --exclude does not reach projects.
const except = (process.env.BLASNET_TEST_EXCEPT ?? '').split(' ').filter((pattern) => pattern !== '');

export default defineConfig({
  test: {
    maxWorkers: '100%', // of the cores; vitest would leave one idle
    // They stop what hangs, and are far from what a loaded machine takes.
    testTimeout: 120_000,
    hookTimeout: 300_000,
    chaiConfig: { truncateThreshold: 200 }, // or a row's text in a test's name ends after 40 characters
    projects: [
      { extends: true, test: { name: 'quick', include: [all], exclude: [slow, ...except] } },
      { extends: true, test: { name: 'slow', include: [slow], exclude: except } },
    ],
  },
});
