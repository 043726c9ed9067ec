import { linesThatFit } from '../lines-that-fit.ts';
import { stderrLimit } from '../result.ts';
import { type PackerRun } from './packer-run.ts';
import { type TargetRun } from './target-reader.ts';

const mostStepLines = 20;

/**
 * The error lines that an operator needs, for the result's `stderr`: whole lines, at most 64 KiB of UTF-8, no newline at the end.
 * Final errors come last and so are kept before all else; the lines that a failed step printed last fill what room is left.
 */
export function errorLines(run: PackerRun): string {
  const failed = run.targets.filter((target) => target.outcome === 'errored');
  const finals = [...run.errors.map((line) => line.text), ...failed.flatMap(finalErrors), ...run.service.map((line) => line.text)];
  if (finals.length === 0)
    finals.push(...(run.crash === null ? [] : [run.crash.text]), ...run.tail.slice(-mostStepLines).map((line) => line.text));
  return linesThatFit([...failed.flatMap(lastSteps), ...finals].flatMap(linesOf), stderrLimit).join('\n');
}

function finalErrors(target: TargetRun): string[] {
  return target.errors.map((line) => `${target.name}: ${line.text}`);
}

function lastSteps(target: TargetRun): string[] {
  return target.step.slice(-mostStepLines).map((line) => `${target.name}: ${line.text}`);
}

function linesOf(text: string): string[] {
  return text.split('\n');
}
