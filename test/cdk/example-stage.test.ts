import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { exampleConfig, fullConfig, plainContext, templateOf, withPlan } from './plans.ts';
import { type Template } from './template.ts';

let example: Template;
let full: Template;
beforeAll(async () => {
  [example, full] = (await Promise.all(
    [exampleConfig, fullConfig].map((config) => withPlan(config, ({ plan }, folder) => templateOf(plan, join(folder, 'cdk.out')))),
  )) as [Template, Template];
});

/** Digests of assets and of inputs change with what they are of; everything else is the stack's own. */
function withoutDigests(template: Template): string {
  return `${JSON.stringify(template, null, 2).replaceAll(/[0-9a-f]{64}/g, 'DIGEST')}\n`;
}

describe('the example stage', () => {
  it('is deployed as it was looked at last (`npx vitest run test/cdk/example-stage.test.ts -u` takes a change over)', async () => {
    await expect(withoutDigests(example)).toMatchFileSnapshot('snapshots/example.template.json');
  });

  it('is the same however often it is synthesized', async () => {
    const again = await withPlan(exampleConfig, ({ plan }, folder) => templateOf(plan, join(folder, 'cdk.out')));
    expect(again).toEqual(example);
  });
});

/** What cfn-lint finds fault with, and why that stands. */
const ignored = {
  W3005: 'the CDK says of a function that it depends on its role, which names it anyway',
} as const;

const isInstalled = spawnSync('cfn-lint', ['--version'], { stdio: 'ignore' }).status === 0;

/** The faults of some templates, each with the template's name. */
function faultsOf(templates: Readonly<Record<string, Template>>): Promise<string[]> {
  return withPlan(fullConfig, async (_, folder) => {
    for (const [name, template] of Object.entries(templates)) await writeFile(join(folder, `${name}.json`), JSON.stringify(template));
    const files = Object.keys(templates).map((name) => `${name}.json`);
    const { stdout, stderr } = spawnSync(
      'cfn-lint',
      ['--format', 'parseable', '--ignore-checks', ...Object.keys(ignored), '--', ...files],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    );
    return `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
  });
}

const linting = 'cfn-lint finds no fault with the stack, but with what is wrong';
// Nobody takes what was not looked at for passed.
it.skipIf(!isInstalled && process.env['CI'] === undefined)(
  isInstalled ? linting : `${linting} (not installed: pip install cfn-lint)`,
  async () => {
    expect(isInstalled, 'cfn-lint is not installed, so the template was not linted: pip install cfn-lint').toBe(true);
    const wrong: Template = { Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 'long' } } } };
    const context = { ...plainContext, api_vpc_endpoints: ['vpce-0a1b2c3d'], api_addresses: ['10.0.0.0/16'] };
    const closed = await withPlan(exampleConfig, ({ plan }, folder) => templateOf(plan, join(folder, 'cdk.out')), context);
    expect(await faultsOf({ example, full, closed, wrong })).toEqual([expect.stringMatching(/^wrong\.json:.*E3012.*'long'/)]);
  },
);
