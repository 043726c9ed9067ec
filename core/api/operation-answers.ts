import { BuildsDocument, DispatchDocument, PublishDocument, QuarantineDocument, StatusDocument, StopDocument } from '../documents.ts';
import { HashManifest } from '../hash-manifest.ts';
import { LogSummary } from '../log-summary.ts';
import { RetentionRaiseDocument } from '../retention/documents.ts';
import { Result } from '../result.ts';
import type * as z from '../zod.ts';
import { BuildDocument, BuildersDocument, DiagLinkDocument, LogLinksDocument } from './api-documents.ts';
import { type OperationName } from './operations.ts';

/**
 * The document that each operation answers with. Apart from the table, since who answers has no use for the schemas: the types
 * hold it to them.
 */
export const operationAnswers = {
  requestBuild: DispatchDocument,
  readBuild: BuildDocument,
  stopBuild: StopDocument,
  raiseRetention: RetentionRaiseDocument,
  readResult: Result,
  readSummary: LogSummary,
  readLog: LogLinksDocument,
  readDiag: DiagLinkDocument,
  listBuilders: BuildersDocument,
  readBuilder: StatusDocument.shape.builders.def.element,
  listBuilds: BuildsDocument,
  readManifest: HashManifest,
  publish: PublishDocument,
  releaseQuarantine: QuarantineDocument,
} as const satisfies Record<OperationName, z.ZodMiniType>;
