import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { readConfigFile } from '../../adapters/local/config-file.ts';
import { nextTimes, scheduleTimes } from '../../adapters/local/schedule-times.ts';
import { startSchedules } from '../../adapters/local/start-schedules.ts';
import { mostBuilders, planProblems, resourceCounts } from '../../cdk/plan-problems.ts';
import { Config } from '../../core/config.ts';
import { failure } from '../../core/failure.ts';
import { Schedule } from '../../core/schedule.ts';
import * as z from '../../core/zod.ts';
import { virtualTime } from '../fixtures/virtual-time.ts';
import { checks } from './checks/all.ts';
import { fullConfig, plainContext, templateOf, withPlan } from './plans.ts';
import { type Template, resourcesOf } from './template.ts';

const BuilderSchedule = z.object({
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string(),
  Target: z.object({ Input: z.string() }),
});

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

  it('asks for the builds that one machine asks for, with the same requests at the same times', async () => {
    const read = readConfigFile(fullConfig);
    if (!read.ok) throw new Error(read.failure.message);
    const start = Date.parse('2026-10-01T12:00Z');
    const time = virtualTime(start);
    const here: unknown[] = [];
    const running = startSchedules(read.value.config, {
      book: {
        open: (all, now) => new Map(all.map(({ builder }) => [builder, { origin: now, settled: now - 1 }])),
        settle: () => undefined,
      },
      clock: time.clock,
      wait: time.wait,
      async fire(call) {
        here.push(call);
        return failure('QUEUE_FULL', 'full', 'wait');
      },
      tell: () => undefined,
    });
    await time.runUntil(start + 50 * 86_400_000);
    await running.stop();
    const deployed = resourcesOf(template, 'AWS::Scheduler::Schedule').flatMap(({ name, properties }) => {
      if (!name.startsWith('SchedulesBuilder')) return [];
      const { ScheduleExpression, ScheduleExpressionTimezone, Target } = BuilderSchedule.parse(properties);
      const [, kind, text] = /^(cron|rate)\((.*)\)$/.exec(ScheduleExpression) ?? [];
      const times = scheduleTimes(Schedule.parse({ [String(kind)]: text, timezone: ScheduleExpressionTimezone }), start);
      return nextTimes(times, start - 1, 8).map((at): unknown =>
        JSON.parse(Target.Input.replaceAll('<aws.scheduler.scheduled-time>', `${new Date(at).toISOString().slice(0, 19)}Z`)),
      );
    });
    const byTime = (calls: readonly unknown[]) => calls.map((call) => JSON.stringify(call)).toSorted();
    expect(here).toHaveLength(8 + 7);
    expect(byTime(deployed)).toEqual(expect.arrayContaining(byTime(here)));
  });

  it('is promised each thing once, under a name of its own', () => {
    expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
  });
});
