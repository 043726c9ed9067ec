import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';

import { featureFlags } from './feature-flags.ts';
import { type DeploymentPlan } from './plan.ts';
import { DispatcherStack } from './stack.ts';

export interface AppOptions {
  /** Where the assembly is written; what the CDK's command line says, or `cdk.out`, where it is missing. */
  readonly outdir?: string;
  /** Whether the rule packs look at the stack, so that a finding without its reason fails the synthesis. */
  readonly checks: boolean;
}

/** The app with the one stack that the plan describes. `synth()` of it needs neither network nor credentials. */
export function buildApp(plan: DeploymentPlan, options: AppOptions): App {
  const app = new App({
    analyticsReporting: false,
    context: featureFlags,
    ...(options.outdir === undefined ? {} : { outdir: options.outdir }),
  });
  new DispatcherStack(app, plan);
  if (options.checks) Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new NIST80053R5Checks(app));
  return app;
}
