import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { namesOf } from '../../core/names-of.ts';
import { stopPoll } from '../../core/run-limit.ts';
import { costOf, costSection, withCostSection } from '../../scripts/cost.ts';
import { prices } from '../../scripts/cost/prices.ts';
import { assumed, standing, usageOfApiRequests, usageOfBuild, usageOfIdleMonth, usageOfWholeBuild } from '../../scripts/cost/usage.ts';
import { exampleConfig, templateOf, withPlan } from '../cdk/plans.ts';
import { listOf, resourcesOf } from '../cdk/template.ts';

const file = join(import.meta.dirname, '..', '..', 'docs', 'deploy.md');

/** The rows of a table of the section that end with dollars: what, how many, dollars. */
function bills(): readonly (readonly [what: string, count: number, dollars: number])[] {
  return costSection()
    .split('\n')
    .flatMap((line) => {
      const [, what, count, dollars] = /^\| ([^*|]+) \| ([\d.]+) \| (\d+\.\d{6}) \|$/.exec(line) ?? [];
      return what === undefined ? [] : [[what, Number(count), Number(dollars)] as const];
    });
}

describe('the costs in docs/deploy.md', () => {
  it('are those of scripts/cost/', async () => {
    const document = await readFile(file, 'utf8');
    expect(withCostSection(document)).toBe(document);
  });

  it('are counts times prices, line by line, and add up to what is said of a build, a month and the API', () => {
    const byName = new Map(namesOf(prices).map((name) => [prices[name].per as string, prices[name]]));
    const rows = bills();
    const usages = [usageOfWholeBuild(), usageOfIdleMonth(), usageOfApiRequests()];
    expect(rows).toHaveLength(usages.reduce((sum, usage) => sum + Object.keys(usage).length, 0));
    for (const [what, count, dollars] of rows) {
      const price = byName.get(what);
      expect(price, what).toBeDefined();
      expect(dollars, what).toBe(Number(((count * (price?.dollars ?? 0)) / (price?.for ?? 1)).toFixed(6)));
    }
    const printed = rows.reduce((sum, [, , dollars]) => sum + dollars, 0);
    expect(printed).toBeCloseTo(
      usages.reduce((sum, usage) => sum + costOf(usage), 0),
      4,
    );
    expect(costSection()).toContain(`**$${costOf(usageOfWholeBuild()).toFixed(2)}**`);
    expect(costSection()).toContain(`A month without a build: **$${costOf(usageOfIdleMonth()).toFixed(2)}**`);
  });

  it('are what the README says of a month', async () => {
    const readme = await readFile(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
    expect(readme).toContain(`about $${Math.round(costOf(usageOfIdleMonth()))} a month without a build`);
  });

  it('look for a word to stop as often as an attempt does', () => {
    const looks = (assumed.buildMinutes * 60_000) / stopPoll.bucket;
    const { attempt, start, complete } = usageOfBuild;
    // And the source of the project, the head and the body of the command line's file.
    expect(usageOfWholeBuild().objectRead).toBe(looks + attempt.objectRead + start.objectRead + complete.objectRead + 3);
  });

  it('are billed by the unit in which a price is given', () => {
    expect(costOf({ objectWrite: 1000 })).toBeCloseTo(0.005, 10);
    expect(costOf({ writeUnit: 1_000_000, readUnit: 1_000_000 })).toBeCloseTo(0.75, 10);
  });

  it('count the alarms, dashboards and keys that the example is synthesized with', async () => {
    const template = await withPlan(exampleConfig, ({ plan }, folder) => templateOf(plan, join(folder, 'cdk.out')));
    const metricsOf = (alarm: Record<string, unknown>) => {
      const metrics = listOf(alarm['Metrics']).filter((each) => typeof each === 'object' && each !== null && 'MetricStat' in each);
      return alarm['Metrics'] === undefined ? 1 : metrics.length;
    };
    expect({
      alarm: resourcesOf(template, 'AWS::CloudWatch::Alarm').reduce((sum, { properties }) => sum + metricsOf(properties), 0),
      dashboard: resourcesOf(template, 'AWS::CloudWatch::Dashboard').length,
      key: resourcesOf(template, 'AWS::KMS::Key').length,
    }).toEqual(standing);
  });

  it('say where each price is from', () => {
    for (const name of namesOf(prices)) expect(costSection()).toContain(`<${prices[name].source}>`);
  });
});
