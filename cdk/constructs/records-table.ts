import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { type Construct } from 'constructs';

import { table as names, tableIndexes } from '../../core/contract/deployment.ts';

/** The one table of records: on demand, restorable to any second of 35 days, and not to be deleted by accident. */
export function recordsTable(scope: Construct, id: string): Table {
  const table = new Table(scope, id, {
    partitionKey: { name: names.key, type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: 35 },
    deletionProtection: true,
    timeToLiveAttribute: names.expiresAt,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  for (const { name, partition, sort } of Object.values(tableIndexes)) {
    table.addGlobalSecondaryIndex({
      indexName: name,
      partitionKey: { name: partition, type: AttributeType.STRING },
      sortKey: { name: sort, type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }
  return table;
}
