import { type Build } from '../../core/build.ts';
import { type RetentionCheck } from '../../core/ports.ts';
import { unkeptPatience } from '../../core/retention/keeping.ts';
import { type Violate } from './violation.ts';

/** Between a look at the rules and what is written down lie some effects, each of which may take up to an hour. Milliseconds. */
const grace = 4 * 60 * 60_000;

/** The rules of a bucket, which somebody changes and puts back. */
export interface SimulatedRules extends RetentionCheck {
  /** From now on they keep what the policy promises, or do not. */
  change(kept: boolean): void;
  /** Holds what a commit says of a build against what the rules were. */
  watch(before: Build | undefined, after: Build): void;
}

/** @param now milliseconds since 1970. */
export function simulatedRules(now: () => number, violate: Violate): SimulatedRules {
  /** When they stopped keeping it, and until when they did not. */
  const spans: { readonly from: number; until: number }[] = [];
  const differ = () => spans.at(-1)?.until === Infinity;
  const differedThroughout = (from: number) => spans.some((span) => span.from <= from && span.until === Infinity);
  return {
    change(kept) {
      const last = spans.at(-1);
      if (kept && last !== undefined) last.until = Math.min(last.until, now());
      if (!kept && !differ()) spans.push({ from: now(), until: Infinity });
    },
    look: async () =>
      differ() ? { rule: 'RETENTION_UNKEPT', message: 'a class is kept too short', remedy: 'put the rules back' } : undefined,
    watch(before, after) {
      const { build_id: id, decision } = after;
      if (decision?.verdict.classification.rule === 'RETENTION_UNKEPT' && before?.decision?.event !== 'violate') {
        const [first] = spans;
        if (first === undefined || first.from > Date.parse(decision.at) - unkeptPatience)
          violate('rules that differ for a short time are no violation', id);
      }
      if (!differedThroughout(now() - unkeptPatience - grace)) return;
      if (after.attempts.length > (before?.attempts.length ?? 0)) violate('nothing starts where what it leaves would not be kept', id);
      if (decision?.event === 'succeed' && before?.decision?.event !== 'succeed')
        violate('nothing is sealed where it would not be kept', id);
    },
  };
}
