// Reads the JSON report of vitest.
import { readFileSync } from 'node:fs';

/** The counts and the failures of a report, or undefined if vitest did not get far enough to write one. */
export function readReport(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = report;
  const failures = [];
  for (const { name: path, status, message, assertionResults } of report.testResults) {
    const broken = assertionResults.filter((result) => result.status === 'failed');
    for (const { fullName, failureMessages } of broken) {
      failures.push({ path, test: fullName, message: failureMessages[0] ?? '' });
    }
    // A file that cannot be loaded has no tests that could fail.
    if (status === 'failed' && broken.length === 0) failures.push({ path, test: '(the file itself)', message });
  }
  return { passed, failed: Math.max(failed, failures.length), skipped, failures };
}
