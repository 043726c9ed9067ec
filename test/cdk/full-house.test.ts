import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { buildApp } from '../../cdk/app.ts';
import { mostBuilders, resourceCounts } from '../../cdk/plan-problems.ts';
import { checkTemplateSize, largestTemplate } from '../../cdk/template-size.ts';
import { ebsPolicies, scriptBuilder, writeImageRepository } from '../fixtures/aws/stage/image-repository.ts';
import { withPlan } from './plans.ts';
import { type Template } from './template.ts';

/** A builder that has one of everything, and policies of usual length. */
const builderNamed = (name: string) =>
  scriptBuilder('nothing', {
    secrets: { join_token: 'secretsmanager:images/join#token', licence: 'ssm:/images/licence' },
    schedule: { cron: '0 3 ? * SUN *', timezone: 'Europe/Berlin', only_if_changed: true, max_age: '30d' },
    publish: { ssm_parameter: `/images/${name}/{channel}` },
    aws: {
      policies: ebsPolicies,
      image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/build/packer:2026.1',
      vpc: { id: 'vpc-0a1b2c3d', subnets: ['subnet-0a1b2c3d', 'subnet-1a1b2c3d'], security_groups: ['sg-0a1b2c3d'] },
      source: {
        type: 'github',
        repository: 'https://github.com/example/images',
        connection: 'arn:aws:codeconnections:us-east-1:123456789012:connection/0a1b2c3d-0000-4000-8000-0123456789ab',
      },
    },
  });

describe('a stack with as many builders as one has room for', () => {
  let folder: string;
  let bytes: number;
  let template: Template;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'full-house-'));
    const names = Array.from({ length: mostBuilders }, (_, index) => `debian-base-image-${index}`);
    const builders = Object.fromEntries(names.map((name) => [name, builderNamed(name)]));
    const config = await writeImageRepository(folder, { scripts: { nothing: 'true' }, builders });
    await withPlan(config, async ({ plan }, outdir) => {
      const { templateFullPath } = buildApp(plan, { outdir: join(outdir, 'cdk.out'), checks: false })
        .synth()
        .getStackByName(plan.stackName);
      ({ size: bytes } = await stat(templateFullPath));
      template = JSON.parse(await readFile(templateFullPath, 'utf8')) as Template;
    });
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('has a template that CloudFormation takes', () => {
    expect(bytes).toBeLessThanOrEqual(largestTemplate);
    expect(Object.keys(template.Resources).length).toBeLessThanOrEqual(resourceCounts.inAll);
    expect(checkTemplateSize('images', mostBuilders, bytes)).toEqual({ ok: true, value: bytes });
  });
});

it('a template that is too large is told to a person before anything is deployed', () => {
  expect(checkTemplateSize('images', 57, largestTemplate + 1)).toMatchObject({
    ok: false,
    failure: {
      rule: 'CONFIG_INVALID',
      message: 'the template of the stack images with 57 builders has 1000001 bytes, and CloudFormation takes 1000000',
      remedy: expect.stringContaining('-c stack=NAME'),
    },
  });
});
