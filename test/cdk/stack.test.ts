import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { planProblems, resourceCounts } from '../../cdk/plan-problems.ts';
import { Config } from '../../core/config.ts';
import { checks } from './checks/all.ts';
import { fullConfig, templateOf, withPlan } from './plans.ts';
import { type Template } from './template.ts';

let template: Template;
beforeAll(async () => {
  template = await withPlan(fullConfig, ({ plan }, folder) => templateOf(plan, join(folder, 'cdk.out')));
});

describe('the deployed stack', () => {
  it.each(checks)('$name', ({ problems }) => {
    expect(problems(template)).toEqual([]);
  });

  it('has room for as many builders as a plan may have', () => {
    const names = Object.entries(template.Resources).map(([id]) => id);
    const ofBuilder = names.filter((id) => /^(?:Builders|SchedulesBuilder)full/.test(id));
    const ofStack = names.filter((id) => !/^(?:Builders|SchedulesBuilder)(?:full|plain)/.test(id));
    expect(ofBuilder.length).toBeLessThanOrEqual(resourceCounts.ofBuilder);
    expect(ofStack.length).toBeLessThanOrEqual(resourceCounts.ofStack);
    const builder = { template: 'base' };
    const config = (count: number) =>
      Config.parse({ version: 1, builders: Object.fromEntries(Array.from({ length: count }, (_, index) => [`b${index}`, builder])) });
    expect(planProblems({ config: config(68) })).toEqual([]);
    expect(planProblems({ config: config(69) })).toEqual(['there are 69 builders, and one stack has room for 68: deploy two']);
  });

  it('is promised each thing once, under a name of its own', () => {
    expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
  });
});
