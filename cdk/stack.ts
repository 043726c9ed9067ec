import { CfnOutput, Stack, Tags } from 'aws-cdk-lib';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';

import { pointerName } from '../core/channel.ts';
import { type Config } from '../core/config.ts';
import { outputs, stackTagKeys } from '../core/contract/deployment.ts';
import { BuilderName } from '../core/identity.ts';
import { namesOf } from '../core/names-of.ts';
import { acknowledgeFindings } from './acknowledged.ts';
import { Alarms } from './constructs/alarms.ts';
import { ApiMetrics } from './constructs/api-metrics.ts';
import { BuilderProject } from './constructs/builder-project.ts';
import { dashboard } from './constructs/dashboard.ts';
import { FinalStates } from './constructs/final-states.ts';
import { Functions, messageVisibility } from './constructs/functions.ts';
import { OperatorsTopic } from './constructs/operators-topic.ts';
import { outOfReach } from './constructs/out-of-reach.ts';
import { Queues } from './constructs/queues.ts';
import { recordsTable } from './constructs/records-table.ts';
import { RestApi } from './constructs/rest-api.ts';
import { Schedules } from './constructs/schedules.ts';
import { Storage } from './constructs/storage.ts';
import { type DeploymentPlan } from './plan.ts';

/**
 * What the names of a stack's projects begin with. The underscore cannot be in a stack's name, so no other stack's projects
 * begin so too.
 */
export function projectPrefixOf(stackName: string): string {
  return `${stackName}_`;
}

/** The parameters that show what is published, each with `*` for the channel. */
function pointersOf({ builders }: Config): string[] {
  const named = Object.values(builders).flatMap(({ publish }) => publish?.ssm_parameter ?? []);
  return [...new Set(named.map((parameter) => pointerName(parameter, '*')))];
}

/** The dispatcher on AWS: records, objects, functions, queues, schedules, and a project for each builder. */
export class DispatcherStack extends Stack {
  constructor(scope: Construct, plan: DeploymentPlan) {
    const { stackName, deployment } = plan;
    super(scope, stackName, { stackName, description: 'hybridcore-packer: dispatches machine image builds' });
    const { config } = deployment;
    const projectPrefix = projectPrefixOf(stackName);
    const pointers = pointersOf(config);
    const table = recordsTable(this, 'Records');
    const storage = new Storage(this, 'Storage', config.retention);
    const operators = new OperatorsTopic(this, 'Operators', plan.operators);
    const finalStates = new FinalStates(this, 'FinalStates', stackName);
    const queues = new Queues(this, 'Queues', projectPrefix, messageVisibility);
    const functions = new Functions(this, 'Functions', {
      table,
      bucket: storage.bucket,
      operators,
      eventBus: finalStates.bus,
      queue: queues.queue,
      projectPrefix,
      pointers,
      stackName,
      bundles: plan.assets.functions,
      missed: queues.missed,
      reserveConcurrency: plan.reserveConcurrency,
    });
    // `api` keeps diag bundles.
    storage.keepFor(functions.roles.complete, [functions.roles.api]);
    const api = new RestApi(this, 'RestApi', { stackName, function: functions.byName.api, plan: plan.api });

    const repository = new Asset(this, 'Repository', { path: plan.assets.repository });
    const commandLine = new Asset(this, 'CommandLine', { path: plan.assets.commandLine.file });
    const guarded = outOfReach(stackName, {
      table,
      storage,
      functions,
      api,
      queues,
      operators,
      finalStates,
      projectPrefix,
      assets: repository.bucket,
    });
    const builders = new Construct(this, 'Builders');
    const projects = Object.entries(config.builders).map(([key, builder]) => {
      const name = BuilderName.parse(key);
      const deployed = deployment.sources[name] ?? null;
      return new BuilderProject(builders, name, {
        name,
        builder,
        retention: config.retention,
        projectPrefix,
        bucket: storage.bucket,
        outOfReach: guarded,
        buildspec: plan.buildspec,
        repository,
        configFile: plan.configFile,
        bundle: { asset: commandLine, sha256: plan.assets.commandLine.sha256 },
        note: deployed === null ? 'its inputs are those of its Git repository' : `its inputs as deployed: ${deployed.fingerprint}`,
      });
    });
    new Schedules(this, 'Schedules', {
      config,
      dispatch: functions.byName.dispatch,
      reconcile: functions.byName.reconcile,
      missed: queues.missed,
    });
    const apiMetrics = new ApiMetrics(this, 'ApiMetrics', stackName, api);
    const { alarms } = new Alarms(this, 'Alarms', {
      stackName,
      queues,
      functions: functions.byName,
      api: apiMetrics,
      topic: operators.topic,
      runbook: plan.runbook,
    });
    const page = dashboard(this, 'Dashboard', { stackName, alarms, functions: functions.byName, queues, api: apiMetrics });

    const named = {
      [outputs.api]: api.url,
      ...Object.fromEntries(namesOf(outputs.policies).map((name) => [outputs.policies[name], api.policies[name].managedPolicyArn])),
      [outputs.dispatch]: functions.byName.dispatch.functionName,
      [outputs.table]: table.tableName,
      [outputs.bucket]: storage.bucket.bucketName,
      [outputs.topic]: operators.topic.topicArn,
      [outputs.eventBus]: finalStates.bus.eventBusName,
      [outputs.queue]: queues.queue.queueUrl,
      [outputs.projectPrefix]: projectPrefix,
      [outputs.dashboard]: page.dashboardName,
    };
    const folder = new Construct(this, 'Outputs');
    for (const [output, value] of Object.entries(named)) new CfnOutput(folder, output, { value }).overrideLogicalId(output);
    // What checks templates does not know that a dashboard can have tags.
    Tags.of(this).add(stackTagKeys.stack, stackName, { excludeResourceTypes: ['AWS::CloudWatch::Dashboard'] });
    acknowledgeFindings({
      table,
      storage,
      finalStates,
      queues,
      functions,
      api,
      pointers,
      projects,
      projectPrefix,
      reserveConcurrency: plan.reserveConcurrency,
    });
  }
}
