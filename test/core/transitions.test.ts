import { describe, expect, it } from 'vitest';

import { type Verdict } from '../../core/classification/verdict.ts';
import { type BuildState, isFinal, states } from '../../core/states.ts';
import { buildEvents, eventOf, stateAfter, transitions } from '../../core/transitions.ts';

const allStates = Object.keys(states) as BuildState[];

function verdict(exit_code: Verdict['exit_code'], rule = 'UNKNOWN'): Verdict {
  return { exit_code, classification: { rule, reason: '', hint: '', evidence: [] } };
}

describe('the transitions of a build', () => {
  it('leave no final state', () => {
    for (const state of allStates.filter(isFinal)) {
      for (const event of buildEvents) for (const attempt of [0, 1, 2] as const) expect(stateAfter(state, event, attempt)).toBeUndefined();
    }
  });

  it('lead from each state that is not final to a final one', () => {
    const ends = new Set<BuildState>(allStates.filter(isFinal));
    for (let size = -1; size !== ends.size;) {
      size = ends.size;
      for (const row of transitions) if (ends.has(row.to)) ends.add(row.from);
    }
    expect([...ends].sort()).toEqual([...allStates].sort());
  });

  it('reach every state from queued', () => {
    const reached = new Set<BuildState>(['queued']);
    for (let size = -1; size !== reached.size;) {
      size = reached.size;
      for (const row of transitions) if (reached.has(row.from)) reached.add(row.to);
    }
    expect([...reached].sort()).toEqual([...allStates].sort());
  });

  it('have one outcome for a state, an event and an attempt', () => {
    const seen = transitions.flatMap((row) =>
      (row.attempt === undefined ? [1, 2] : [row.attempt]).map((attempt) => `${row.from} ${row.event} ${attempt}`),
    );
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('retry only after class 2 on attempt 1', () => {
    expect(stateAfter('running', 'transient', 1)).toBe('retrying');
    expect(stateAfter('running', 'transient', 2)).toBe('escalated');
    const toRetry = transitions.filter((row) => row.to === 'retrying').map((row) => `${row.event} ${row.attempt}`);
    expect(toRetry.sort()).toEqual(['postpone 2', 'transient 1']);
  });
});

describe('what a verdict means for its build', () => {
  it.each([
    [verdict(0, 'SUCCESS'), false, 'succeed'],
    [verdict(0, 'UNCHANGED'), false, 'skip'],
    [verdict(1), false, 'fail'],
    [verdict(1), true, 'fail'],
    [verdict(1, 'STOPPED'), true, 'stop'],
    [verdict(2), false, 'transient'],
    [verdict(2), true, 'stop'],
    [verdict(3), false, 'violate'],
    [verdict(3), true, 'violate'],
  ] as const)('%o with a wish to stop %s: %s', (given, stopWanted, event) => {
    expect(eventOf(given, stopWanted)).toBe(event);
  });
});

describe('the states', () => {
  it('have an exit code exactly where they are final', () => {
    for (const state of allStates) expect(states[state].exit_code !== null).toBe(isFinal(state));
  });
});
