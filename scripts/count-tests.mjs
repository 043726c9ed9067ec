// Prints one line, `N passed, N failed, N skipped`, summed over vitest's JSON reports:
//
//   node scripts/count-tests.mjs REPORT...
//
// A report that is missing or broken means that its runner died: it counts as one failed test, and so does
// a file that failed outside its tests. Exits with 1 where anything failed or nothing passed.
import { readFileSync } from 'fs';
import process from 'process';
import { pathToFileURL } from 'url';

/** What one report says, from its text; undefined stands for a report that is not there. */
export function countTests(text) {
  const died = { passed: 0, failed: 1, skipped: 0 };
  if (text === undefined) return died;
  let report;
  try {
    report = JSON.parse(text);
  } catch {
    return died;
  }
  if (report === null || typeof report !== 'object' || !Array.isArray(report.testResults)) return died;
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report.testResults) {
    const tests = Array.isArray(file.assertionResults) ? file.assertionResults : [];
    for (const test of tests) counts[kindOf(test.status)] += 1;
    if (file.status === 'failed' && !tests.some((test) => kindOf(test.status) === 'failed')) counts.failed += 1;
  }
  // For instance an error that nobody caught: every test passed, and the run still failed.
  if (report.success !== true && counts.failed === 0) counts.failed = 1;
  return counts;
}

function kindOf(status) {
  if (status === 'passed') return 'passed';
  return status === 'failed' ? 'failed' : 'skipped';
}

function readOrNothing(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const files = process.argv.slice(2);
  const all = (files.length === 0 ? [undefined] : files.map(readOrNothing)).map(countTests);
  const sum = (kind) => all.reduce((total, counts) => total + counts[kind], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
  if (sum('failed') > 0 || sum('passed') === 0) process.exitCode = 1;
}
