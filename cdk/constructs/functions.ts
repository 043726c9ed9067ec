import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, CfnEventSourceMapping, Code, Function, LoggingFormat, RecursiveLoop, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { type Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import { type FunctionName, functionMemory, functionNames, functionVariables } from '../../core/contract/deployment.ts';
import { observationVariables } from '../../core/contract/metrics.ts';
import { type Grounds, allow, functionStatements, iamPath, permit, writeLog } from './permissions.ts';

/** Timeouts in seconds. `complete` may have to read whole logs and redact them again; the others write a few records and messages. */
const shapes = {
  dispatch: { description: 'Accepts requests for builds', seconds: 60 },
  complete: { description: 'Starts runs, classifies ended ones, seals, retries once, tells people', seconds: 120 },
  reconcile: { description: 'Finds what a crash or a lost event left', seconds: 60 },
  // API Gateway waits for 29 s.
  api: { description: 'Answers the API: asks, stops, publishes, releases, reads', seconds: 29 },
} as const satisfies Record<FunctionName, { description: string; seconds: number }>;

/** How long a message of the queue is hidden: six times the timeout of who works it off, as Lambda asks for. */
export const messageVisibility = Duration.seconds(6 * shapes.complete.seconds);

export interface FunctionsProps extends Grounds {
  readonly stackName: string;
  /** The folder of each function's bundle. */
  readonly bundles: Readonly<Record<FunctionName, string>>;
  /** Where asynchronous invocations end that failed for good. */
  readonly missed: Queue;
  readonly reserveConcurrency: boolean;
}

/** The functions, each with a role that may do what it does and nothing else. */
export class Functions extends Construct {
  readonly byName: Readonly<Record<FunctionName, Function>>;
  readonly roles: Readonly<Record<FunctionName, Role>>;
  readonly logGroups: readonly LogGroup[];
  /** By which `complete` takes the messages of the queue. */
  readonly mapping: CfnEventSourceMapping;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const made = functionNames.map((name) => [name, this.make(name, props)] as const);
    const of = (wanted: FunctionName) => {
      const found = made.find(([name]) => name === wanted)?.[1];
      if (found === undefined) throw new TypeError(`unreachable: no function ${wanted}`);
      return found;
    };
    const [dispatch, complete, reconcile, api] = [of('dispatch'), of('complete'), of('reconcile'), of('api')];
    this.byName = { dispatch: dispatch.function, complete: complete.function, reconcile: reconcile.function, api: api.function };
    this.logGroups = made.map(([, { logGroup }]) => logGroup);
    this.roles = { dispatch: dispatch.role, complete: complete.role, reconcile: reconcile.role, api: api.role };

    this.mapping = new CfnEventSourceMapping(this, 'Messages', {
      functionName: complete.function.functionArn,
      eventSourceArn: props.queue.queueArn,
      batchSize: 10,
      functionResponseTypes: ['ReportBatchItemFailures'],
      // A burst of events must not take an account's whole concurrency from `dispatch`.
      scalingConfig: { maximumConcurrency: 5 },
    });
    this.mapping.node.addDependency(complete.permissions);
  }

  private make(name: FunctionName, props: FunctionsProps) {
    const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const { description, seconds } = shapes[name];
    const logGroup = new LogGroup(this, `${title}Log`, { retention: RetentionDays.ONE_YEAR, removalPolicy: RemovalPolicy.RETAIN });
    const role = new Role(this, `${title}Role`, {
      path: iamPath(props.stackName),
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description,
    });
    // Invoked asynchronously, by Scheduler: what it fails on must not vanish. A sweep that fails is followed by the next.
    const isAsynchronous = name === 'dispatch';
    const permissions = permit(role, [
      ...functionStatements(name, props),
      writeLog(logGroup),
      ...(isAsynchronous ? [allow('SetAside', { actions: ['sqs:SendMessage'], resources: [props.missed.queueArn] })] : []),
    ]);
    const made = new Function(this, title, {
      description,
      code: Code.fromAsset(props.bundles[name]),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      timeout: Duration.seconds(seconds),
      memorySize: functionMemory[name],
      role: role.withoutPolicyUpdates(),
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: environmentOf(props),
      // `complete` sends itself the turns that are due later; Lambda would cut such a chain off after 16.
      recursiveLoop: name === 'complete' ? RecursiveLoop.ALLOW : RecursiveLoop.TERMINATE,
      ...(isAsynchronous ? { deadLetterQueue: props.missed } : {}),
      // The next sweep is never far, so a failed one is not tried again. Two at once do each thing once, but read it all twice.
      ...(name === 'reconcile' ? { retryAttempts: 0, ...(props.reserveConcurrency ? { reservedConcurrentExecutions: 1 } : {}) } : {}),
    });
    return { function: made, role, permissions, logGroup };
  }
}

function environmentOf({ table, bucket, operators, eventBus, queue, projectPrefix, stackName }: FunctionsProps): Record<string, string> {
  return {
    [functionVariables.table]: table.tableName,
    [functionVariables.bucket]: bucket.bucketName,
    [functionVariables.topic]: operators.topic.topicArn,
    [functionVariables.eventBus]: eventBus.eventBusName,
    [functionVariables.queue]: queue.queueUrl,
    [functionVariables.projectPrefix]: projectPrefix,
    [observationVariables.service]: stackName,
  };
}
