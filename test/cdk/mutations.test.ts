import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { checks } from './checks/all.ts';
import { type MutationKind, mutationKinds, mutationsOf } from './mutations.ts';
import { fullConfig, templateOf, withPlan } from './plans.ts';

/** A mutation, and the promises that are then broken. */
interface Row {
  readonly kind: MutationKind;
  readonly what: string;
  readonly broken: readonly string[];
}

/** The table of all mutations of the stack `images`. */
let table: readonly Row[];
beforeAll(async () => {
  const template = await withPlan(fullConfig, ({ plan }, folder) => templateOf(plan, join(folder, 'cdk.out')));
  table = mutationsOf(template).map(({ kind, what, apply }) => {
    const mutated = structuredClone(template);
    apply(mutated);
    return { kind, what, broken: checks.filter(({ problems }) => problems(mutated).length > 0).map(({ name }) => name) };
  });
}, 120_000);

/** How many there are at least, so that nobody takes an empty table for a good one. */
const atLeast: Readonly<Record<MutationKind, number>> = {
  permission: 250,
  'condition of a permission': 70,
  'environment variable': 36,
  'queue mapping': 30,
  tag: 50,
  'lifecycle rule': 40,
  'method of the API': 90,
  'setting of the stage': 18,
  'retention of a resource': 16,
  resource: 70,
  'property of a resource': 400,
  output: 8,
};

/** What no check of the template tells, and why not. */
const untold: readonly { readonly what: RegExp; readonly why: string }[] = [
  {
    what: /^Resources\.\w+(?:Permissions|Further|Boundary)\w{8}\.Properties\.Description is gone$/,
    why: 'no one acts on the description of a managed policy',
  },
];

/**
 * What none of these mutations reaches, since the template does not hold it; the end-to-end runs show it: that the bundles do
 * with these permissions, variables and events what is promised, that no permission is one too many, and that a bundle has the
 * handler that its function names.
 */
const bounds = [
  'every managed policy is as short as IAM takes it',
  'the variables of a project leave a start the room that it is promised',
];

describe('to take out or widen any one', () => {
  it.each(mutationKinds)('%s of the stack breaks a promise by its name', (kind) => {
    const rows = table.filter((row) => row.kind === kind);
    const unnoticed = rows.filter(({ broken, what }) => broken.length === 0 && !untold.some((each) => each.what.test(what)));
    expect(unnoticed.map(({ what }) => what)).toEqual([]);
    expect(rows.length).toBeGreaterThanOrEqual(atLeast[kind]);
  });

  it('tells of each thing that is said not to be told', () => {
    for (const { what, why } of untold)
      expect(
        table.filter((row) => what.test(row.what) && row.broken.length > 0),
        why,
      ).toEqual([]);
  });

  it('breaks every promise but those that set a bound: none is there for show', () => {
    const unbroken = checks.filter(({ name }) => !table.some(({ broken }) => broken.includes(name))).map(({ name }) => name);
    expect(unbroken.toSorted()).toEqual(bounds);
  });
});
