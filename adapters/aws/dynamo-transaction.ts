import { type CancellationReason, TransactWriteItemsCommand, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';

import { table as attributes } from '../../core/contract/deployment.ts';
import { FailureError } from '../../core/failure-error.ts';
import { type Commit, type RecordWrite } from '../../core/ports.ts';
import { conflictOf, documentTypes, idOf } from '../local/record-documents.ts';
import { documentOf, itemOf, versionOf } from './dynamo-items.ts';
import { type Item } from './dynamo-keys.ts';
import { type DynamoTable, answerOf, named, pauseAfter } from './dynamo-table.ts';

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html, in bytes.
const largestItem = 400 * 1024;
const largestTransaction = 4 * 1024 * 1024;

/** Reasons for which a transaction is cancelled that stood in nobody's way for good. */
const passing: ReadonlySet<string> = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

/** A write with what is sent for it. */
interface Put {
  readonly write: RecordWrite;
  readonly item: Item;
  readonly size: number;
}

/**
 * Writes all documents in one transaction, or none: each on the condition that the version that is stored is the
 * expected one, in the schema that this program knows.
 *
 * One token goes with all its trials, so a trial that was written and whose answer was lost is not written again, nor
 * taken for somebody else's: therefore a single document is a transaction too.
 *
 * @throws FailureError RECORD_NEWER where a newer version wrote what would be overwritten; STORAGE where the documents
 * are larger than DynamoDB takes, before anything is sent, and where the service fails it or others are always in the way.
 */
export async function transact(table: DynamoTable, writes: readonly RecordWrite[]): Promise<Commit> {
  const puts = writes.map((write) => ({ write, ...itemOf(write) }));
  await assertThatTheyFit(table, puts);
  const request = {
    TransactItems: puts.map(({ write, item }) => ({ Put: { TableName: table.name, Item: item, ...conditionOf(write) } })),
    ClientRequestToken: randomUUID(),
  };
  for (let trial = 1; ; trial += 1) {
    const cancelled = await answerOf(table, 'PutItem', () =>
      table.client.send(new TransactWriteItemsCommand(request)).then(
        () => undefined,
        (error: unknown) => {
          if (error instanceof TransactionCanceledException && isUnderstood(error.CancellationReasons)) return error.CancellationReasons;
          throw error;
        },
      ),
    );
    if (cancelled === undefined) return { committed: true };
    for (const [place, { write }] of puts.entries()) {
      const reason = cancelled[place];
      if (reason?.Code === 'ConditionalCheckFailed') return refusal(table, write, reason.Item);
    }
    await pauseAfter(table, trial, `did not take a transaction (${cancelled.map(({ Code }) => Code).join(', ')})`);
  }
}

function conditionOf({ type, expected }: RecordWrite) {
  if (expected === null) {
    return {
      ConditionExpression: 'attribute_not_exists(#key)',
      ExpressionAttributeNames: { '#key': attributes.key },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    } as const;
  }
  return {
    ConditionExpression: '#version = :version AND #schema = :schema',
    ExpressionAttributeNames: { '#version': attributes.version, '#schema': attributes.schema },
    ExpressionAttributeValues: { ':version': { N: String(expected) }, ':schema': { S: documentTypes[type].schema } },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  } as const;
}

/** Whether every reason is one of the conditions, or passes. */
function isUnderstood(reasons: readonly CancellationReason[] | undefined): reasons is readonly CancellationReason[] {
  const codes = reasons?.map(({ Code }) => Code ?? 'None').filter((code) => code !== 'None') ?? [];
  return codes.length > 0 && codes.every((code) => code === 'ConditionalCheckFailed' || passing.has(code));
}

/** What a condition that did not hold means, by the item that stood there. */
function refusal(table: DynamoTable, write: RecordWrite, standing: Item | undefined): Commit {
  const conflict = conflictOf(write, standing === undefined ? null : versionOf(table.name, standing));
  if (conflict !== undefined) return conflict;
  // The version is the expected one, so the schema is not: reading it says which.
  if (standing !== undefined) documentOf(table.name, write.type, standing);
  throw new TypeError(`DynamoDB refused the ${write.type} ${idOf(write)} though its condition held`);
}

async function assertThatTheyFit(table: DynamoTable, puts: readonly Put[]): Promise<void> {
  const [largest] = puts.toSorted((a, b) => b.size - a.size);
  if (largest === undefined) return;
  const identity = `the ${largest.write.type} ${idOf(largest.write)}`;
  if (largest.size > largestItem) throw tooLarge(`${identity} has ${largest.size} bytes`, `${largestItem} an item`, await named(table));
  const size = puts.reduce((sum, put) => sum + put.size, 0);
  if (size <= largestTransaction) return;
  throw tooLarge(
    `a commit of ${puts.length} documents has ${size} bytes (the largest is ${identity} with ${largest.size})`,
    `${largestTransaction} a transaction`,
    await named(table),
  );
}

function tooLarge(what: string, limit: string, home: string): FailureError {
  return new FailureError({
    rule: 'STORAGE',
    message: `${what}, and ${home} takes ${limit}`,
    remedy: 'make what it holds smaller, such as the variables of the request; nothing was written',
  });
}
