import { mostActions } from './action-limit.ts';
import { type ScrubAction } from './scrub-manifest.ts';

export interface ScrubActions {
  add(rule: string, id: string, line: number, column: number): void;
  list(): readonly ScrubAction[];
  /** Whether they are no longer one by one. */
  aggregated(): boolean;
}

/**
 * The actions of one file, in bounded memory: one by one up to 10,000; beyond that by rule and id, each with
 * its count and first place; and where even those are too many, new ones by rule alone.
 */
export function createScrubActions(limit: number = mostActions): ScrubActions {
  let single: ScrubAction[] = [];
  let grouped: Map<string, ScrubAction> | undefined;

  function group(groups: Map<string, ScrubAction>, action: ScrubAction): void {
    const exact = `${action.rule} ${action.id}`;
    const full = groups.size >= limit && !groups.has(exact);
    const key = full ? action.rule : exact;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, full ? { ...action, id: null } : action);
    else groups.set(key, { ...known, count: known.count + action.count });
  }

  return {
    add(rule, id, line, column) {
      const action = { rule, id, count: 1, line, column };
      if (grouped !== undefined) {
        group(grouped, action);
      } else if (single.length < limit) {
        single.push(action);
      } else {
        const groups = new Map<string, ScrubAction>();
        for (const earlier of single) group(groups, earlier);
        group(groups, action);
        single = [];
        grouped = groups;
      }
    },
    list: () => (grouped === undefined ? [...single] : [...grouped.values()]),
    aggregated: () => grouped !== undefined,
  };
}
