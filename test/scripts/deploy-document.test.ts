import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { mostBuilders, planProblems } from '../../cdk/plan-problems.ts';
import { operations } from '../../core/api/operations.ts';
import { Config } from '../../core/config.ts';
import { outputs } from '../../core/contract/deployment.ts';
import { openDispatchCall } from '../../core/dispatch-call.ts';
import { namesOf } from '../../core/names-of.ts';
import { BuildRequest } from '../../core/request.ts';
import * as z from '../../core/zod.ts';
import { packerReleases } from '../../core/contract/packer-releases.ts';
import { defaultPackerVersion } from '../../core/packer-release.ts';
import { checkContext } from '../../scripts/synth/context.ts';
import { exampleConfig, templateOf, withPlan } from '../cdk/plans.ts';
import { resourcesOf } from '../cdk/template.ts';

describe('docs/deploy.md', () => {
  let text: string;
  beforeAll(async () => {
    text = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'deploy.md'), 'utf8');
  });

  it('shows a hybridcore.yaml that can be deployed', () => {
    const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(text) ?? [];
    const config = Config.parse(parse(yaml));
    expect(Object.keys(config.builders)).toEqual(['debian-base']);
    expect(planProblems({ config })).toEqual([]);
    expect(yaml).toContain(`without a pin: ${defaultPackerVersion}`);
  });

  it('shows a call of dispatch that is taken', () => {
    const [, payload = ''] = /--payload '(.*?)'/.exec(text) ?? [];
    const opened = openDispatchCall(JSON.parse(payload), 'invocation');
    expect(opened).toMatchObject({ ok: true, value: { by: 'alice', builder: 'debian-base' } });
    expect(opened.ok && BuildRequest.safeParse(opened.value.request).success).toBe(true);
  });

  it('names every key of the context, and none besides', () => {
    const [, keys = ''] = /The context has these keys.*?\n\n(.*?)\n\n/s.exec(text) ?? [];
    const named = [...keys.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, key]) => key);
    const refused = checkContext({ unknown_key: 1 });
    expect(refused.ok).toBe(false);
    const known = refused.ok ? '' : refused.failure.remedy;
    expect(known).toContain(`it has ${named.join(', ')} (`);
  });

  it('names outputs that a stack has', () => {
    const named = new Set([...text.matchAll(/output ([A-Z]\w+)/g)].map(([, name]) => name));
    const { policies, ...others } = outputs;
    expect(named.size).toBeGreaterThan(4);
    for (const name of named) expect([...Object.values(others), ...Object.values(policies)]).toContain(name);
    for (const policy of Object.values(policies)) expect(text).toContain(`\`${policy}\``);
  });

  it('shows a policy for one builder that names methods of the API', () => {
    const [, json = ''] = /```json\n(\{\n.*?)```/s.exec(text) ?? [];
    const { Statement } = z.object({ Statement: z.array(z.object({ Resource: z.array(z.string()) })) }).parse(JSON.parse(json));
    const calls = namesOf(operations).map((name) => `${operations[name].method}${operations[name].path}`);
    const shown = Statement.flatMap(({ Resource }) => Resource.map((arn) => arn.replace(/^.*:API\/v1\//, '')));
    expect(shown.length).toBeGreaterThan(3);
    for (const call of shown) {
      const pattern = new RegExp(`^${call.replace('/debian-base', '/\\{name\\}').replace('*', '.*')}$`);
      expect(
        calls.some((each) => pattern.test(each)),
        call,
      ).toBe(true);
    }
  });

  it('counts what is deployed, and what has to be removed by hand', async () => {
    expect(text).toContain(`One stack has room for ${mostBuilders} builders`);
    const template = await withPlan(exampleConfig, ({ plan }, folder) => templateOf(plan, join(folder, 'cdk.out')));
    expect(text).toContain(`${resourcesOf(template, 'AWS::CloudWatch::Alarm').length} alarms`);
    const kept = Object.values(template.Resources).filter(({ DeletionPolicy }) => DeletionPolicy === 'Retain');
    // The table, both buckets, the logs, and who writes those of the API: a row of the document each.
    expect([...new Set(kept.map(({ Type }) => Type))].sort()).toEqual([
      'AWS::ApiGateway::Account',
      'AWS::DynamoDB::Table',
      'AWS::IAM::Role',
      'AWS::Logs::LogGroup',
      'AWS::S3::Bucket',
    ]);
  });

  it('says of which releases of packer the checksums are known', () => {
    const [first, last] = [Object.keys(packerReleases).at(0), Object.keys(packerReleases).at(-1)];
    expect(text).toContain(`releases from ${first} to ${last} come with this project`);
  });
});
