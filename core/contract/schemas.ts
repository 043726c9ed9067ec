import { AttemptReport } from '../attempt-report.ts';
import { Config } from '../config.ts';
import { Deployment } from '../deployment.ts';
import { DispatchCall } from '../dispatch-call.ts';
import {
  BuildsDocument,
  ClassifyDocument,
  DispatchDocument,
  DriftDocument,
  InitDocument,
  InputsDocument,
  LogsDocument,
  PublishDocument,
  QuarantineDocument,
  SchemasDocument,
  ScrubDocument,
  ServeDocument,
  StatusDocument,
  StopDocument,
  ValidateDocument,
  VerifyDocument,
} from '../documents.ts';
import { DiagDrift, DiagIndex, DiagRules, DiagTimeline, DiagVerdicts, DiagVersions } from '../diag/bundle-documents.ts';
import { DiagDocument, DiagReplayDocument } from '../diag/diag-documents.ts';
import { HashManifest } from '../hash-manifest.ts';
import { LogSummary } from '../log-summary.ts';
import { namesOf } from '../names-of.ts';
import { BuildRequest } from '../request.ts';
import { Result } from '../result.ts';
import {
  RetentionAuditDocument,
  RetentionBucketAuditDocument,
  RetentionHoldDocument,
  RetentionApplyDocument,
  RetentionBucketReportDocument,
  RetentionPlanDocument,
  RetentionRaiseDocument,
  RetentionReportDocument,
  RetentionSweepDocument,
} from '../retention/documents.ts';
import { ScrubManifest } from '../scrub/scrub-manifest.ts';
import * as z from '../zod.ts';

/** Every format that leaves this program or enters it, with what it is. `schemas/` is generated from this table. */
const schemas = {
  'attempt-report': { schema: AttemptReport, title: 'What an attempt hands over', io: 'output' },
  'build-request': { schema: BuildRequest, title: 'A request for a build', io: 'input' },
  builds: { schema: BuildsDocument, title: 'What `builds --json` prints', io: 'output' },
  classify: { schema: ClassifyDocument, title: 'What `classify --json` prints: a verdict', io: 'output' },
  config: { schema: Config, title: 'hybridcore.yaml', io: 'input' },
  deployment: { schema: Deployment, title: 'deployment.json: what was deployed', io: 'output' },
  diag: { schema: DiagDocument, title: 'What `diag --json` prints', io: 'output' },
  'diag-drift': { schema: DiagDrift, title: 'drift.json of a diag bundle', io: 'output' },
  'diag-index': { schema: DiagIndex, title: 'index.json of a diag bundle', io: 'output' },
  'diag-replay': { schema: DiagReplayDocument, title: 'What `diag replay --json` prints', io: 'output' },
  'diag-rules': { schema: DiagRules, title: 'rules.json of a diag bundle', io: 'output' },
  'diag-timeline': { schema: DiagTimeline, title: 'timeline.json of a diag bundle', io: 'output' },
  'diag-verdicts': { schema: DiagVerdicts, title: 'verdicts.json of a diag bundle', io: 'output' },
  'diag-versions': { schema: DiagVersions, title: 'versions.json of a diag bundle', io: 'output' },
  dispatch: { schema: DispatchDocument, title: 'What the function dispatch answers to a request that it takes', io: 'output' },
  'dispatch-call': { schema: DispatchCall, title: 'What the function dispatch is called with', io: 'input' },
  drift: { schema: DriftDocument, title: 'What `drift --json` prints', io: 'output' },
  'hash-manifest': { schema: HashManifest, title: 'A sealed hash manifest', io: 'output' },
  init: { schema: InitDocument, title: 'What `init --json` prints', io: 'output' },
  inputs: { schema: InputsDocument, title: 'What `inputs --json` prints', io: 'output' },
  'log-summary': { schema: LogSummary, title: 'The log summary of a build', io: 'output' },
  logs: { schema: LogsDocument, title: 'What `logs --json` prints', io: 'output' },
  publish: { schema: PublishDocument, title: 'What `publish --json` prints', io: 'output' },
  quarantine: { schema: QuarantineDocument, title: 'What `quarantine --json` prints', io: 'output' },
  'retention-audit': { schema: RetentionAuditDocument, title: 'What `retention audit --json` prints', io: 'output' },
  'retention-bucket-audit': {
    schema: RetentionBucketAuditDocument,
    title: 'What `retention audit --bucket --json` prints',
    io: 'output',
  },
  'retention-hold': {
    schema: RetentionHoldDocument,
    title: 'What `retention hold --json` and `retention release --json` print',
    io: 'output',
  },
  'retention-apply': { schema: RetentionApplyDocument, title: 'What `retention apply --json` prints', io: 'output' },
  'retention-bucket-report': {
    schema: RetentionBucketReportDocument,
    title: 'What `retention report --bucket --json` prints',
    io: 'output',
  },
  'retention-plan': { schema: RetentionPlanDocument, title: 'What `retention plan --json` prints', io: 'output' },
  'retention-raise': { schema: RetentionRaiseDocument, title: 'What `retention raise --json` prints', io: 'output' },
  'retention-report': { schema: RetentionReportDocument, title: 'What `retention report --json` prints', io: 'output' },
  'retention-sweep': { schema: RetentionSweepDocument, title: 'What `retention sweep --json` prints', io: 'output' },
  result: { schema: Result, title: 'The result of a build, or of a command that failed', io: 'output' },
  scrub: { schema: ScrubDocument, title: 'What `scrub --json` prints: every redaction made in a text', io: 'output' },
  'scrub-manifest': { schema: ScrubManifest, title: 'Every redaction made in the log of an attempt', io: 'output' },
  schemas: { schema: SchemasDocument, title: 'What `schema --json` prints without a name', io: 'output' },
  serve: { schema: ServeDocument, title: 'What `serve --json` prints once it has ended', io: 'output' },
  status: { schema: StatusDocument, title: 'What `status --json` prints', io: 'output' },
  stop: { schema: StopDocument, title: 'What `stop --json` prints', io: 'output' },
  verify: { schema: VerifyDocument, title: 'What `verify --json` prints', io: 'output' },
  validate: { schema: ValidateDocument, title: 'What `validate --json` prints', io: 'output' },
} as const satisfies Record<string, { schema: z.ZodMiniType; title: string; io: 'input' | 'output' }>;

export type SchemaName = keyof typeof schemas;

export const schemaNames: readonly SchemaName[] = namesOf(schemas);

/** The JSON Schema (2020-12) of a format. */
export function jsonSchema(name: SchemaName): Record<string, unknown> {
  const { schema, title, io } = schemas[name];
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'throw' });
  return { $schema, $id: `urn:hybridcore-packer:schema:${name}`, title, ...rest };
}
