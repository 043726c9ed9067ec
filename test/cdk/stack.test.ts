import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

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

  it('is promised each thing once, under a name of its own', () => {
    expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
  });
});
