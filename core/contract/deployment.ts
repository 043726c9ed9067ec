/**
 * The names by which the deployed parts know each other: the functions read them, `cdk/` sets them, and tests hold the two
 * against each other.
 */

/** The environment of the functions; each value is a name or an ARN, never a secret. */
export const functionVariables = {
  /** The DynamoDB table. */
  table: 'HYBRIDCORE_TABLE',
  /** The bucket of all objects, with `incoming/` and `control/`. */
  bucket: 'HYBRIDCORE_BUCKET',
  /** The SNS topic that reaches the operators: its ARN. */
  topic: 'HYBRIDCORE_TOPIC_ARN',
  /** The event bus that final states are announced on: its name. */
  eventBus: 'HYBRIDCORE_EVENT_BUS',
  /** The queue of turns (`Turn`) that are due later, and of the build service's events: its URL. */
  queue: 'HYBRIDCORE_QUEUE_URL',
  /** A builder's CodeBuild project is named with this before the builder's name. */
  projectPrefix: 'HYBRIDCORE_PROJECT_PREFIX',
} as const;

/** The file beside the functions' code that says what was deployed (`Deployment`). */
export const deploymentFile = 'deployment.json';
/** The file beside that one that holds its digest, written where it was held against its schema. */
export const deploymentDigestFile = 'deployment.json.sha256';

/** The one table: names of its attributes and indexes. */
export const table = {
  /** Partition key: the type and id of a document, such as `build#01J...`. There is no sort key. */
  key: 'id',
  /** The document as canonical JSON, and what conditions look at. */
  document: 'document',
  version: 'version',
  schema: 'schema',
  /** Seconds since 1970, on what may go: DynamoDB's TTL. */
  expiresAt: 'expires_at',
  /** In which listing a document stands (`builds#<builder>`, `builders`, `channels#<builder>`), and where in it. */
  list: 'list',
  place: 'place',
  /** There on builds that something is still to be done for, and on nothing else. */
  open: 'open',
  /** `list`, `place`: keys alone. */
  listIndex: 'listing',
  /** `open`, `place`: keys alone, sparse. */
  openIndex: 'open-builds',
} as const;

/** Its global secondary indexes: each holds the items that have both attributes, sorted by the second, and of them the keys alone (KEYS_ONLY). */
export const tableIndexes = {
  listing: { name: table.listIndex, partition: table.list, sort: table.place },
  open: { name: table.openIndex, partition: table.open, sort: table.place },
} as const;

/** Every attribute that is part of a key; all of them are strings. */
export const tableKeyAttributes = [table.key, table.list, table.open, table.place] as const;

/** The keys of S3's tags; on disk the same are in the records. */
export const tagKeys = {
  kind: 'hybridcore:kind',
  builder: 'hybridcore:builder',
  build: 'hybridcore:build',
  retention: 'hybridcore:retention',
} as const;

/** The keys of the tags of what a stack is made of: everything carries the stack's name, what is there for one builder its name, too. */
export const stackTagKeys = { stack: 'hybridcore:stack', builder: tagKeys.builder } as const;

/** The event on the bus for each final state. */
export const finalStateEvent = { source: 'hybridcore.packer', detailType: 'Build Ended' } as const;

/** What the build service calls its event, and what it says in it of a run that goes on. */
export const runStateEvent = { source: 'aws.codebuild', detailType: 'CodeBuild Build State Change', underWay: 'IN_PROGRESS' } as const;

/** What the command line and a person read of a deployed stack: the names of its outputs. */
export const outputs = {
  /** Where the API is: its address, without a `/` at its end. */
  api: 'ApiUrl',
  /** Policies for whoever uses the API: their ARNs. */
  policies: { Ask: 'AskPolicy', Publish: 'PublishPolicy', Release: 'ReleasePolicy', Retain: 'RetainPolicy', Audit: 'AuditPolicy' },
  /** The function that takes requests: its name. */
  dispatch: 'DispatchFunction',
  table: 'Table',
  bucket: 'Bucket',
  topic: 'OperatorsTopic',
  eventBus: 'EventBus',
  queue: 'Queue',
  projectPrefix: 'ProjectPrefix',
  dashboard: 'Dashboard',
} as const;

/**
 * How many characters the names and values of a run's variables may have. CodeBuild takes `inAll` over those of the project and
 * of the start together, and fails a larger build with a fault that says nothing. `cdk/` holds the projects to theirs, the
 * adapter the starts to the rest.
 */
export const environmentLimits = { inAll: 5500, ofProject: 1000 } as const;
/** The functions: each is the folder `lambdas/<name>/`, and the folder of its bundle. */
export const functionNames = ['dispatch', 'complete', 'reconcile', 'api'] as const;
export type FunctionName = (typeof functionNames)[number];

/** The memory of each function, in MB. `complete` and the diag bundles of `api` hold whole logs several times over: as bytes, as text, as lines. */
export const functionMemory = { dispatch: 1024, complete: 2048, reconcile: 512, api: 2048 } as const satisfies Record<FunctionName, number>;

/** Who asks for the builds of a schedule. */
export const scheduleCaller = 'schedule';

/** How often `reconcile` sweeps. Milliseconds. */
export const sweepInterval = 300_000;
