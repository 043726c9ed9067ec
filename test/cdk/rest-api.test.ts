import { join } from 'node:path';
import { type Simulation, runSimulation } from '@cloud-copilot/iam-simulate';
import { beforeAll, describe, expect, it } from 'vitest';

import { type Audience } from '../../cdk/constructs/rest-api.ts';
import { type Operation, type OperationName, operations } from '../../core/api/operations.ts';
import { outputs } from '../../core/contract/deployment.ts';
import { namesOf } from '../../core/names-of.ts';
import * as z from '../../core/zod.ts';
import { type DeployedStack } from '../fixtures/aws/deployment/template.ts';
import { account, deploy, region } from './deployed.ts';
import { fullConfig, plainContext, templateOf, withPlan } from './plans.ts';
import { resourcesOf, shown } from './template.ts';

const ApiProperties = z.object({
  EndpointConfiguration: z.object({ Types: z.array(z.string()), VpcEndpointIds: z.optional(z.array(z.string())) }),
  Policy: z.optional(z.unknown()),
});

let stack: DeployedStack;
let apiId: string;
beforeAll(async () => {
  ({ stack } = await deploy(fullConfig));
  apiId = String(stack.ofType('AWS::ApiGateway::RestApi')[0]?.ref);
});

interface Call {
  readonly method: string;
  /** Below the stage. */
  readonly path: string;
  readonly context?: Readonly<Record<string, string>>;
}

/** Whether somebody of the account who has a policy may call the API, by IAM's rules. @param policy of the API itself. */
async function isLet(document: unknown, { method, path, context = {} }: Call, policy?: unknown): Promise<boolean> {
  const simulation: Simulation = {
    request: {
      principal: `arn:aws:iam::${account}:user/alice`,
      action: 'execute-api:Invoke',
      resource: { resource: `arn:aws:execute-api:${region}:${account}:${apiId}/v1/${method}${path}`, accountId: account },
      contextVariables: context,
    },
    identityPolicies: document === undefined ? [] : [{ name: 'own', policy: document }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(policy === undefined ? {} : { resourcePolicy: policy }),
  };
  const result = await runSimulation(simulation, {});
  if (result.resultType === 'error') throw new Error(JSON.stringify(result.errors));
  return result.overallResult === 'Allowed';
}

function callOf(name: OperationName, builder = 'full'): Call {
  const { method, path }: Operation = operations[name];
  return { method, path: path.replace('{name}', builder).replace('{id}', '01J9Z3K4M5N6P7Q8R9S0T1V2W3') };
}

function documentOf(audience: Audience): unknown {
  const found = stack.ofType('AWS::IAM::ManagedPolicy').find(({ logicalId }) => logicalId.startsWith(`RestApi${audience}Policy`));
  return found?.properties['PolicyDocument'];
}

async function operationsLet(document: unknown): Promise<OperationName[]> {
  const each = await Promise.all(namesOf(operations).map(async (name) => ((await isLet(document, callOf(name))) ? [name] : [])));
  return each.flat().toSorted();
}

const reads = namesOf(operations).filter((name) => operations[name].permission === 'read');

describe('whoever has a policy of the stack may call', () => {
  it.each<readonly [Audience, readonly OperationName[]]>([
    ['Audit', []],
    ['Ask', ['requestBuild', 'stopBuild']],
    ['Publish', ['publish']],
    ['Release', ['releaseQuarantine']],
    ['Retain', ['raiseRetention']],
  ])('%s: reading, and besides %j', async (audience, besides) => {
    expect(await operationsLet(documentOf(audience))).toEqual([...reads, ...besides].toSorted());
  });

  it('nothing without one, and nothing that there is not with all of them', async () => {
    expect(await operationsLet(undefined)).toEqual([]);
    for (const audience of namesOf(outputs.policies))
      for (const call of [
        { method: 'DELETE', path: '/builders/full' },
        { method: 'POST', path: '/builders' },
        { method: 'PUT', path: '/builders/full/publish' },
      ])
        expect(await isLet(documentOf(audience), call), `${audience} ${call.method} ${call.path}`).toBe(false);
  });

  it('no other API, and no other stage of it', async () => {
    const other = JSON.parse(JSON.stringify(documentOf('Ask')).replaceAll(`${apiId}/v1/`, `${apiId}/v2/`)) as unknown;
    expect(await isLet(other, callOf('requestBuild'))).toBe(false);
    expect(JSON.stringify(documentOf('Ask'))).toContain(`:${apiId}/v1/`);
  });

  it('one builder alone, where a policy names it in the path as the documentation shows', async () => {
    const one = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'execute-api:Invoke',
          Resource: ['POST/builders/full/builds', 'GET/builders/full', 'GET/builders/full/*', 'GET/builds/*'].map(
            (call) => `arn:aws:execute-api:${region}:${account}:${apiId}/v1/${call}`,
          ),
        },
      ],
    };
    expect(await isLet(one, callOf('requestBuild', 'full'))).toBe(true);
    expect(await isLet(one, callOf('requestBuild', 'plain'))).toBe(false);
    expect(await isLet(one, callOf('publish', 'full'))).toBe(false);
  });
});

describe('an API that is opened to some places alone', () => {
  const withOptions = (options: Partial<typeof plainContext>) =>
    withPlan(
      fullConfig,
      async ({ plan }, folder) => {
        const template = await templateOf(plan, join(folder, 'cdk.out'));
        const [api] = resourcesOf(template, 'AWS::ApiGateway::RestApi');
        const { EndpointConfiguration: configuration, Policy } = ApiProperties.parse(api?.properties);
        const stage = resourcesOf(template, 'AWS::ApiGateway::Stage')[0]?.properties['MethodSettings'];
        return { types: configuration.Types, endpoints: configuration.VpcEndpointIds, policy: policyOf(Policy), settings: shown(stage) };
      },
      { ...plainContext, ...options },
    );
  // API Gateway puts in the API where a policy of it names none.
  const policyOf = (policy: unknown) =>
    policy === undefined
      ? undefined
      : (JSON.parse(
          JSON.stringify(policy).replaceAll('"execute-api:/*"', `"arn:aws:execute-api:${region}:${account}:${apiId}/*"`),
        ) as unknown);
  const from = (context: Readonly<Record<string, string>>): Call => ({ ...callOf('requestBuild'), context });

  it('has no policy of its own where nothing is said: IAM alone decides', async () => {
    expect(await withOptions({})).toMatchObject({ types: ['REGIONAL'], policy: undefined });
  });

  it('refuses who comes from elsewhere, and lets in from there whom IAM lets, and nobody else', async () => {
    const { types, policy } = await withOptions({ api_addresses: ['203.0.113.0/24', '2001:db8::/32'] });
    expect(types).toEqual(['REGIONAL']);
    expect(await isLet(documentOf('Ask'), from({ 'aws:SourceIp': '203.0.113.7' }), policy)).toBe(true);
    expect(await isLet(documentOf('Ask'), from({ 'aws:SourceIp': '198.51.100.7' }), policy)).toBe(false);
    expect(await isLet(undefined, from({ 'aws:SourceIp': '203.0.113.7' }), policy)).toBe(false);
    expect(await isLet(documentOf('Audit'), from({ 'aws:SourceIp': '203.0.113.7' }), policy)).toBe(false);
  });

  it('is private where endpoints are named, and is reached by those alone', async () => {
    const { types, endpoints, policy } = await withOptions({ api_vpc_endpoints: ['vpce-0a1b2c3d'], api_addresses: ['10.0.0.0/16'] });
    expect({ types, endpoints }).toEqual({ types: ['PRIVATE'], endpoints: ['vpce-0a1b2c3d'] });
    const inside = { 'aws:SourceVpce': 'vpce-0a1b2c3d', 'aws:VpcSourceIp': '10.0.1.2' };
    expect(await isLet(documentOf('Ask'), from(inside), policy)).toBe(true);
    expect(await isLet(documentOf('Ask'), from({ ...inside, 'aws:SourceVpce': 'vpce-ffffffff' }), policy)).toBe(false);
    expect(await isLet(documentOf('Ask'), from({ ...inside, 'aws:VpcSourceIp': '10.1.1.2' }), policy)).toBe(false);
    expect(await isLet(undefined, from(inside), policy)).toBe(false);
  });

  it('takes as many requests as it is told, and for a moment twice as many', async () => {
    const { settings } = await withOptions({ api_requests_per_second: 5 });
    expect(settings).toMatchObject([{ ThrottlingRateLimit: 5, ThrottlingBurstLimit: 10 }]);
  });
});
