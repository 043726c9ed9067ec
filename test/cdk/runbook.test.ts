import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { fullConfig, plainContext, templateOf, withPlan } from './plans.ts';
import { resourcesOf } from './template.ts';

/** The entries of the runbook, by the name that links them. */
let entries: ReadonlyMap<string, string>;
/** The entries that the alarms link. */
let linked: readonly string[];
beforeAll(async () => {
  const runbook = await readFile(resolve(import.meta.dirname, '../../docs/runbook.md'), 'utf8');
  entries = new Map(
    runbook
      .split(/^## /m)
      .slice(1)
      .map((entry) => [entry.slice(0, entry.indexOf('\n')), entry]),
  );
  const template = await withPlan(fullConfig, ({ plan }, folder) => templateOf(plan, join(folder, 'cdk.out')));
  linked = resourcesOf(template, 'AWS::CloudWatch::Alarm').map(
    ({ properties }) => String(properties['AlarmDescription']).split(`${plainContext.runbook}#`)[1] ?? '',
  );
});

describe('the runbook', () => {
  it('has an entry for each alarm, and an alarm for each entry', () => {
    expect([...entries.keys()].toSorted()).toEqual([...new Set(linked)].toSorted());
  });

  it('says in each what has happened, where to look, and what to do', () => {
    for (const [name, entry] of entries)
      expect(entry, name).toMatch(/^\*\*Description\.\*\* .*^\*\*Investigation\.\*\* .*^\*\*Resolution\.\*\* /ms);
  });
});
