import { type PackerRun } from './packer-run.ts';
import { type TargetRun } from './target-reader.ts';

/** Bytes of UTF-8 that a result's `stderr` may have (design 6). */
const mostBytes = 65_536;
const mostStepLines = 20;

/**
 * The error lines that an operator needs, for the result's `stderr`: whole lines, at most 64 KiB of UTF-8, no newline at the end.
 * Final errors come before all else; the lines that a failed step printed last fill what room is left.
 */
export function errorLines(run: PackerRun): string {
  const failed = run.targets.filter((target) => target.outcome === 'errored');
  const finals = [...run.errors.map((line) => line.text), ...failed.flatMap(finalErrors), ...run.service.map((line) => line.text)];
  if (finals.length === 0)
    finals.push(...(run.crash === null ? [] : [run.crash.text]), ...run.tail.slice(-mostStepLines).map((line) => line.text));
  const budget = { left: mostBytes };
  const kept = lastThatFit(finals, budget);
  const steps = lastThatFit(failed.flatMap(lastSteps), budget);
  return [...steps, ...kept].join('\n');
}

function finalErrors(target: TargetRun): string[] {
  return target.errors.map((line) => `${target.name}: ${line.text}`);
}

function lastSteps(target: TargetRun): string[] {
  return target.step.slice(-mostStepLines).map((line) => `${target.name}: ${line.text}`);
}

/** Whole lines from the end, as many as fit into what is left. */
function lastThatFit(lines: readonly string[], budget: { left: number }): string[] {
  const kept: string[] = [];
  for (const line of lines.flatMap((text) => text.split('\n')).reverse()) {
    const size = new TextEncoder().encode(line).length + 1;
    if (size > budget.left) break;
    budget.left -= size;
    kept.push(line);
  }
  return kept.reverse();
}
