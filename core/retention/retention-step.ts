import { timestamp } from '../identity.ts';
import { type LockMode, dayMilliseconds } from './lifecycle.ts';

/** One step of the arithmetic behind a version's retention. Times are milliseconds since 1970. */
export type RetentionStep =
  | {
      readonly step: 'expires';
      readonly rule: string;
      readonly by: 'days' | 'date';
      readonly from: number;
      readonly days: number;
      /** Rounded. */
      readonly due: number;
      readonly effect: 'removed' | 'hidden';
    }
  | { readonly step: 'noncurrent'; readonly rule: string; readonly from: number; readonly days: number; readonly due: number }
  /** `until` is null for a legal hold, which has no end. */
  | { readonly step: 'locked'; readonly mode: LockMode | 'LEGAL_HOLD'; readonly until: number | null }
  /** It waited until enough newer noncurrent versions stood beside it. */
  | { readonly step: 'outnumbered'; readonly newer: number; readonly due: number }
  /** A delete marker with the version id `null` took its place. */
  | { readonly step: 'replaced'; readonly due: number }
  | { readonly step: 'alone'; readonly rule: string; readonly due: number }
  | { readonly step: 'stays'; readonly why: keyof typeof reasons };

const reasons = {
  'no-expiry': 'no rule expires it, so it stays for good',
  'no-noncurrent-rule': 'no rule removes noncurrent versions of it, so it stays for good behind the delete marker',
  'too-few-newer': 'rules spare it as one of the newest noncurrent versions, so it stays for good',
  'not-alone': 'versions behind it stay for good, and so does the delete marker',
  'no-marker-rule': 'no rule removes a delete marker that is alone, so it stays for good',
} as const;

/** A step as a person reads it, with its sum. */
export function stepSentence(step: RetentionStep): string {
  switch (step.step) {
    case 'expires': {
      const effect = step.effect === 'removed' ? 'removes it' : 'hides it behind a delete marker';
      return step.by === 'date'
        ? `${step.rule} ${effect} from ${timestamp(step.from)} on: ${timestamp(step.due)}`
        : `${step.rule} ${effect}: ${sum(step)}`;
    }
    case 'noncurrent':
      return `${step.rule} removes what is noncurrent: ${sum(step)}`;
    case 'locked':
      return step.until === null ? 'a legal hold keeps it' : `a lock (${step.mode}) keeps it until ${timestamp(step.until)}`;
    case 'outnumbered':
      return `only at ${timestamp(step.due)} are there ${step.newer} newer noncurrent versions`;
    case 'replaced':
      return `a delete marker takes the place of the version null at ${timestamp(step.due)}`;
    case 'alone':
      return `${step.rule} removes the delete marker, which is alone then: ${timestamp(step.due)}`;
    case 'stays':
      return reasons[step.why];
  }
}

function sum({ from, days, due }: { readonly from: number; readonly days: number; readonly due: number }): string {
  const exact = from + days * dayMilliseconds;
  const rounded = exact === due ? '' : `, at the next midnight UTC ${timestamp(due)}`;
  return `${timestamp(from)} + ${days} ${days === 1 ? 'day' : 'days'} = ${timestamp(exact)}${rounded}`;
}
