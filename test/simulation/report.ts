import { type Batch, type Failing } from './batch.ts';
import { type Exhausted } from './exhaustive.ts';
import { type Violation } from './violation.ts';
import { type Step } from './scheduler.ts';
import { type Tooth } from './simulate.ts';

const grouped = new Intl.NumberFormat('en-US');

/** What a batch of histories came to, in a few lines. */
export function batchText({ from, histories, effects, faults, ends, publishings }: Batch): string {
  const { none: _, ...befell } = faults;
  return [
    `${grouped.format(histories)} histories from seed ${from}, ${grouped.format(effects)} effects`,
    `  faults: ${countsText(befell)}`,
    `  builds: ${countsText(ends)}`,
    `  publishings: ${countsText(publishings)}`,
  ].join('\n');
}

/** What playing a scenario came to, in a line, and the history that broke a promise below. */
export function exhaustedText({ name, crashes, pairs, failing }: Exhausted): string {
  const line = `${name}: ${grouped.format(crashes)} crashes, ${grouped.format(pairs)} pairs of crashes, ${failing.length} broke a promise`;
  return [line, ...failing.map((each) => `crashes at the places ${each.crashes.join(' and ')}\n${historyText(each.end)}`)].join('\n');
}

/** What became of a guard that was taken away, in a line. */
export function toothText({ guard, histories, broken }: Tooth): string {
  return broken === undefined
    ? `NOT MISSED  ${guard.name}: ${grouped.format(histories)} histories without it broke no promise (it should keep: ${guard.keeps})`
    : `missed      ${guard.name}: history ${grouped.format(histories)} without it breaks "${broken.promise}"`;
}

/** A history with the promises that it broke, told step by step, and how to play it again. */
export function failingText(failing: Omit<Failing, 'seed'>, without: string | null): string {
  const guard = without === null ? '' : ` --without ${without}`;
  return `${historyText(failing)}\n\nplay it again: npm run simulate --${guard} --choices ${choicesText(failing.choices)}`;
}

function historyText({ violations, steps }: { readonly violations: readonly Violation[]; readonly steps: readonly Step[] }): string {
  const begun = steps[0]?.at ?? 0;
  return [...steps.map((step) => stepText(step, begun)), ...violations.map(({ promise, how }) => `BROKEN: ${promise}: ${how}`)].join('\n');
}

function stepText({ at, actor, effect, fault }: Step, begun: number): string {
  return `  ${timeText(at - begun)}  ${actor}: ${effect}${fault === 'none' ? '' : `   <-- ${fault}`}`;
}

/** Milliseconds as days, hours, minutes and seconds since the history began. */
function timeText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  const parts = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  return `${parts.map((part) => String(part).padStart(2, '0')).join(':')}:${(seconds % 60).toFixed(2).padStart(5, '0')}`;
}

function countsText(counts: Readonly<Record<string, number>>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.length === 0 ? 'none' : some.map(([name, count]) => `${grouped.format(count)} ${name}`).join(', ');
}

/** Choices as one word for a command line; the harmless ones at the end go without saying. */
export function choicesText(choices: readonly number[]): string {
  const last = choices.findLastIndex((choice) => choice !== 0);
  return last < 0 ? '0' : choices.slice(0, last + 1).join('.');
}

/** @returns undefined for what is no list of choices. */
export function choicesFrom(text: string): readonly number[] | undefined {
  return /^\d{1,4}(?:\.\d{1,4})*$/.test(text) ? text.split('.').map(Number) : undefined;
}
