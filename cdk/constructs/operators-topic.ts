import { ArnFormat, Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { CfnSubscription, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

/**
 * The topic that reaches the operators. It has a key of its own: alarms cannot publish to a topic under the key that AWS
 * manages for SNS, whose policy does not know them.
 */
export class OperatorsTopic extends Construct {
  readonly topic: Topic;
  readonly key: Key;

  /** @param addresses e-mail addresses; each has to confirm once. */
  constructor(scope: Construct, id: string, addresses: readonly string[]) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      description: 'Encrypts what the operators of hybridcore-packer are told',
      enableKeyRotation: true,
      pendingWindow: Duration.days(30),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.topic = new Topic(this, 'Topic', { displayName: 'hybridcore-packer', masterKey: this.key, enforceSSL: true });
    const alarms = {
      StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
      ArnLike: {
        'aws:SourceArn': Stack.of(this).formatArn({
          service: 'cloudwatch',
          resource: 'alarm',
          resourceName: '*',
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      },
    };
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsEncrypt',
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: alarms,
      }),
    );
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsPublish',
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: alarms,
      }),
    );
    for (const [index, endpoint] of addresses.entries())
      new CfnSubscription(this, `Address${index + 1}`, { topicArn: this.topic.topicArn, protocol: 'email', endpoint });
  }
}
