import { type Choices } from './choices.ts';
import { type HistoryEnd, type WorldGuards, playHistory } from './history.ts';
import { randomScenario } from './scenario.ts';
import { faults } from './scheduler.ts';

/** How likely each fault is beside 400 for none: in some histories nothing fails. */
const faultRates = [0, 2, 8, 30] as const;
const steadinesses = [4, 20, 1] as const;
const chaosLengths = [200, 400, 1000] as const;

/** Plays a history of which everything comes from the choices. */
export function playRandomHistory(choices: Choices, guards: WorldGuards): Promise<HistoryEnd> {
  const scenario = randomScenario(choices);
  const rate = faultRates[choices.pick([1, 2, 2, 1])] ?? 0;
  const weights = faults.map((fault) => (fault === 'none' ? 400 : fault === 'pause' ? 2 * rate : rate));
  return playHistory({
    scenario,
    choices,
    faults: rate === 0 ? null : () => faults[choices.pick(weights)] ?? 'none',
    steadiness: steadinesses[choices.pick([1, 1, 1])] ?? 4,
    chaosSteps: chaosLengths[choices.pick([1, 1, 1])] ?? 200,
    guards,
  });
}
