// Prints what failed, each with its file, its name and what it said, and last one line,
// `N passed, N failed, N skipped`, both from vitest's JSON reports:
//
//   node scripts/count-tests.mjs REPORT...
//
// What failed comes here again because the runs before print thousands of lines, of which a reader is often
// left with the last. A report that is missing or broken means that its runner died: it counts as one failed
// test, and so does a file that failed outside its tests. Exits with 1 where anything failed or nothing passed.
import { readFileSync } from 'fs';
import { relative } from 'path';
import process from 'process';
import { stripVTControlCharacters } from 'util';
import { pathToFileURL } from 'url';

/** The lines of a failure's message that are printed: what was expected, and where. */
const MESSAGE_LINES = 30;

/** What one report says, from its text; undefined stands for a report that is not there. */
function readReport(name, text) {
  const died = (why) => ({ passed: 0, skipped: 0, failures: [{ where: name, message: why }] });
  if (text === undefined) return died('No report: the runner died before it wrote one.');
  let report;
  try {
    report = JSON.parse(text);
  } catch {
    return died('The report is not whole: the runner died while it wrote it.');
  }
  if (report === null || typeof report !== 'object' || !Array.isArray(report.testResults)) return died('Not a report of vitest.');
  const found = { passed: 0, skipped: 0, failures: [] };
  for (const file of report.testResults) {
    const tests = Array.isArray(file.assertionResults) ? file.assertionResults : [];
    const path = relative(process.cwd(), String(file.name));
    const failed = tests.filter((test) => test.status === 'failed');
    found.passed += tests.filter((test) => test.status === 'passed').length;
    found.skipped += tests.filter((test) => test.status !== 'passed' && test.status !== 'failed').length;
    for (const test of failed) {
      found.failures.push({ where: `${path} > ${test.fullName}`, message: (test.failureMessages ?? []).join('\n') });
    }
    if (file.status === 'failed' && failed.length === 0) found.failures.push({ where: path, message: String(file.message ?? '') });
  }
  // For instance an error that nobody caught: every test passed, and the run still failed.
  if (report.success !== true && found.failures.length === 0) {
    found.failures.push({ where: name, message: 'Every test passed and the run failed: look for an error that nobody caught.' });
  }
  return found;
}

function readOrNothing(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function paragraph({ where, message }) {
  const lines = stripVTControlCharacters(message).split('\n').slice(0, MESSAGE_LINES);
  return [`FAILED ${where}`, ...lines.map((line) => `    ${line}`.trimEnd())].join('\n');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const files = process.argv.slice(2);
  const reports = files.length === 0 ? [readReport('no report named')] : files.map((file) => readReport(file, readOrNothing(file)));
  const sum = (kind) => reports.reduce((total, report) => total + report[kind], 0);
  const failures = reports.flatMap((report) => report.failures);
  for (const failure of failures) console.log(paragraph(failure));
  console.log(`${sum('passed')} passed, ${failures.length} failed, ${sum('skipped')} skipped`);
  if (failures.length > 0 || sum('passed') === 0) process.exitCode = 1;
}
