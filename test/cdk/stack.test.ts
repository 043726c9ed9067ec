import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { mostBuilders, planProblems, resourceCounts } from '../../cdk/plan-problems.ts';
import { Config } from '../../core/config.ts';
import { checks } from './checks/all.ts';
import { fullConfig, plainContext, templateOf, withPlan } from './plans.ts';
import { type Template, resourcesOf } from './template.ts';

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
    const config = (count: number) => {
      const builders = Array.from({ length: count }, (_, index) => [`b${index}`, { template: 'base' }]);
      return Config.parse({ version: 1, builders: Object.fromEntries(builders) });
    };
    expect(planProblems({ config: config(mostBuilders) })).toEqual([]);
    expect(planProblems({ config: config(mostBuilders + 1) })).toEqual([
      `there are ${mostBuilders + 1} builders, and one stack has room for ${mostBuilders}: deploy two`,
    ]);
  });

  it('reserves the one execution of a sweep only where it is told to: a new account has none to reserve', async () => {
    const reserved = (of: Template) =>
      resourcesOf(of, 'AWS::Lambda::Function').flatMap(({ name, properties }) => {
        const { ReservedConcurrentExecutions: executions } = properties;
        return executions === undefined ? [] : [[name, executions]];
      });
    const context = { ...plainContext, reserve_concurrency: true };
    const told = await withPlan(fullConfig, ({ plan }, folder) => templateOf(plan, join(folder, 'cdk.out')), context);
    expect(reserved(template)).toEqual([]);
    expect(reserved(told)).toEqual([['FunctionsReconcile', 1]]);
  });

  it('is promised each thing once, under a name of its own', () => {
    expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
  });
});
