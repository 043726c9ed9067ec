import { seededRandom } from '../fixtures/seeded-random.ts';

/**
 * Where everything comes from that a history leaves open: which actor goes next, what fails, how long things take. Each
 * choice is a small number, and 0 is always the one that does no harm, so a history can be written down, played again,
 * and made smaller by taking choices away.
 */
export interface Choices {
  /** An index into the weights, each as likely as its weight says. */
  pick(weights: readonly number[]): number;
  /** All choices so far. */
  readonly made: readonly number[];
}

/** Choices drawn from a seed: equal seeds give equal choices. */
export function seededChoices(seed: number): Choices {
  const random = seededRandom(seed);
  const made: number[] = [];
  return {
    made,
    pick(weights) {
      const index = weights.length === 1 ? 0 : weighted(weights, random.number());
      made.push(index);
      return index;
    },
  };
}

/** Choices that were made before; what comes after them does no harm. */
export function replayedChoices(earlier: readonly number[]): Choices {
  const made: number[] = [];
  return {
    made,
    pick(weights) {
      const wanted = earlier[made.length] ?? 0;
      const index = wanted < weights.length && weights[wanted] !== 0 ? wanted : 0;
      made.push(index);
      return index;
    },
  };
}

function weighted(weights: readonly number[], random: number): number {
  let rest = random * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) return index;
  }
  return 0;
}
