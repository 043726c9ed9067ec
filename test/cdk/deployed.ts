import { join } from 'node:path';

import { type AccessPolicies, accessPolicies } from '../fixtures/aws/deployment/access-policies.ts';
import { simulateAccess } from '../fixtures/aws/deployment/simulate-access.ts';
import { type DeployedStack, readStack } from '../fixtures/aws/deployment/template.ts';
import { templateOf, withPlan } from './plans.ts';

export const account = '123456789012';
export const region = 'us-east-1';

/** A stack as it would stand in an account, and what its policies say. */
export interface Deployed {
  readonly stack: DeployedStack;
  readonly policies: AccessPolicies;
}

/** Deploys an image repository on paper. */
export function deploy(config: string): Promise<Deployed> {
  return withPlan(config, async ({ plan }, folder) => {
    const assembly = join(folder, 'cdk.out');
    await templateOf(plan, assembly);
    const stack = readStack({ assembly, stackName: plan.stackName, account, region, queueEndpoint: 'http://127.0.0.1:1' });
    return { stack, policies: accessPolicies(stack) };
  });
}

/** Whether IAM lets somebody do something: `allowed`, or why not. @param principal a role's name, or a service of AWS. */
export async function may(
  policies: AccessPolicies,
  who: { readonly principal: string; readonly session: string | null },
  action: string,
  resource: string,
  context: Readonly<Record<string, string | readonly string[]>> = {},
): Promise<string> {
  const { decision, why } = await simulateAccess(policies, { ...who, region }, { action, resource, context, neededFor: 'call' });
  return decision === 'allowed' ? decision : why;
}
