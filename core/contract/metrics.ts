import { type BuildState } from '../states.ts';

/**
 * What the functions count, and alarms and the dashboard look at, under the one dimension `service`, which is the stack's name:
 * several stacks in one account keep apart.
 */
export const metricsNamespace = 'HybridcorePacker';

export const metrics = {
  /** A request that became a build of its own. */
  accepted: 'BuildsAccepted',
  /** A request that did not, and among those one of a schedule: nobody reads what that is told. */
  refused: 'RequestsRefused',
  refusedSchedules: 'SchedulesRefused',
  /** Messages of the queue: dropped, since they are nothing that is known; failed, and to come again. */
  unreadableMessages: 'MessagesUnreadable',
  failedMessages: 'MessagesFailed',
  /** Of sweeps: builds that something is still to be done for, and builders of them that could not be gone on with. */
  openBuilds: 'BuildsOpen',
  sweepProblems: 'SweepProblems',
} as const;

/**
 * Builds by the state that they ended in, counted from the events on the bus. One namespace a stack: what counts them knows no
 * dimension that stands for it.
 */
export const finalStates = {
  namespaceOf: (stackName: string) => `${metricsNamespace}/${stackName}`,
  metricOf: (state: BuildState) => `Builds${state.charAt(0).toUpperCase()}${state.slice(1)}`,
} as const;

/** By which the functions learn what they are to say of themselves in logs and metrics. */
export const observationVariables = {
  service: 'HYBRIDCORE_SERVICE',
} as const;
