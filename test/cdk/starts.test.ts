import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { functionNames } from '../../core/contract/deployment.ts';
import { startVariables, variables } from '../../core/contract/variables.ts';
import { LeastPrivilege } from '../fixtures/aws/deployment/least-privilege.ts';
import { startOverrides } from '../fixtures/aws/deployment/permissions/service-permissions.ts';
import { type Deployed, deploy, region } from './deployed.ts';
import { fullConfig } from './plans.ts';

let deployed: Deployed;
beforeAll(async () => {
  deployed = await deploy(fullConfig);
});

/** Why IAM would not let a function start a run so; null where it would. */
function denial(name: string, parameters: Readonly<Record<string, unknown>>): Promise<string | null> {
  const role = deployed.stack.ofType('AWS::IAM::Role').find(({ logicalId }) => new RegExp(`^Functions${name}Role`, 'i').test(logicalId));
  if (role === undefined) throw new Error(`there is no function ${name}`);
  const asked = {
    projectName: 'images_plain',
    environmentVariablesOverride: startVariables.map((each) => ({ name: each })),
    ...parameters,
  };
  const call = { principal: role.name, session: null, service: 'codebuild', region, action: 'StartBuild', parameters: asked } as const;
  return new LeastPrivilege(deployed.policies).denial({ ...call, protocol: 'json', headers: {} }, null);
}

const overrides = Object.entries(startOverrides);
const closed = overrides.filter(([, key]) => key !== null).map(([name]) => name);
const open = overrides.filter(([, key]) => key === null).map(([name]) => name);

describe('complete starts a run', () => {
  const name = 'complete';

  it('and says what the attempt is, and how long it may take', async () => {
    expect(await denial(name, { timeoutInMinutesOverride: 78 })).toBeNull();
  });

  it.each(closed)('and never with %s', async (override) => {
    expect(await denial(name, { [override]: 'x' })).toContain('may not codebuild:StartBuild');
  });

  it.each([variables.bundle, variables.bundleDigest, variables.bucket, variables.command, variables.packerDigest, 'PATH'])(
    'and never sets %s',
    async (variable) => {
      expect(await denial(name, { environmentVariablesOverride: [{ name: variables.builder }, { name: variable }] })).not.toBeNull();
    },
  );

  it("and none of another stack's", async () => {
    expect(await denial(name, { projectName: 'images-2_plain' })).not.toBeNull();
  });
});

it.each(functionNames.filter((name) => name !== 'complete'))('%s starts none', async (name) => {
  expect(await denial(name, { timeoutInMinutesOverride: 78 })).not.toBeNull();
});

it('what IAM has no key for is named as open by the trust boundary', async () => {
  const boundary = await readFile(resolve(import.meta.dirname, '../../docs/trust-boundary.md'), 'utf8');
  expect(open).not.toEqual([]);
  expect(open.filter((override) => !boundary.includes(`\`${override}\``))).toEqual([]);
});
