import { type Verdict } from './classification/verdict.ts';
import { type BuildState } from './states.ts';

/** What can happen to a build. */
export const buildEvents = ['start', 'postpone', 'succeed', 'skip', 'fail', 'transient', 'violate', 'stop', 'close'] as const;
export type BuildEvent = (typeof buildEvents)[number];

interface Transition {
  readonly from: BuildState;
  readonly event: BuildEvent;
  /** Where it holds for one attempt only. */
  readonly attempt?: 1 | 2;
  readonly to: BuildState;
  readonly because: string;
}

/**
 * Every way in which a build may change its state; what is not here cannot happen. A write of a transition
 * is conditional on the version that it was decided on, so of two writers one wins.
 */
export const transitions: readonly Transition[] = [
  { from: 'queued', event: 'start', to: 'running', because: 'its turn came' },
  { from: 'queued', event: 'skip', to: 'skipped', because: 'the inputs are unchanged, as who asked sees them' },
  { from: 'queued', event: 'stop', to: 'stopped', because: 'an operator stopped it before its turn' },
  { from: 'queued', event: 'close', to: 'quarantined', because: 'the builder was quarantined while it waited' },
  { from: 'queued', event: 'violate', to: 'quarantined', because: 'class 3 before packer ran: what it leaves would not be kept' },
  { from: 'running', event: 'postpone', attempt: 1, to: 'queued', because: 'the build service is full' },
  { from: 'running', event: 'postpone', attempt: 2, to: 'retrying', because: 'the build service is full' },
  { from: 'running', event: 'succeed', to: 'succeeded', because: 'class 0' },
  { from: 'running', event: 'skip', to: 'skipped', because: 'the inputs are unchanged, as the attempt found' },
  { from: 'running', event: 'fail', to: 'failed', because: 'class 1, or the build service refuses it' },
  { from: 'running', event: 'transient', attempt: 1, to: 'retrying', because: 'class 2 on the first attempt: the one retry' },
  { from: 'running', event: 'transient', attempt: 2, to: 'escalated', because: 'class 2 on the second attempt' },
  { from: 'running', event: 'violate', to: 'quarantined', because: 'class 3' },
  { from: 'running', event: 'stop', to: 'stopped', because: 'an operator stopped it' },
  { from: 'retrying', event: 'start', to: 'running', because: 'the delay is over' },
  { from: 'retrying', event: 'violate', to: 'quarantined', because: 'class 3 before the retry: what it leaves would not be kept' },
  { from: 'retrying', event: 'stop', to: 'stopped', because: 'an operator stopped it before the retry' },
];

/** The state that an event leads to; undefined where it cannot happen in this state. `attempt` is the number of the newest attempt, 0 before the first. */
export function stateAfter(state: BuildState, event: BuildEvent, attempt: 0 | 1 | 2): BuildState | undefined {
  return transitions.find((row) => row.from === state && row.event === event && (row.attempt === undefined || row.attempt === attempt))?.to;
}

/** What a verdict on an attempt means for its build. An operator's wish to stop wins over a retry, over nothing else. */
export function eventOf(verdict: Verdict, stopWanted: boolean): BuildEvent {
  switch (verdict.exit_code) {
    case 0:
      return verdict.classification.rule === 'UNCHANGED' ? 'skip' : 'succeed';
    case 1:
      return verdict.classification.rule === 'STOPPED' ? 'stop' : 'fail';
    case 2:
      return stopWanted ? 'stop' : 'transient';
    case 3:
      return 'violate';
  }
}
