import { type OwnRule } from '../classification/own-rules.ts';
import { type OperationName, operations } from './operations.ts';
import { type HttpProblem, statusOf } from './problem.ts';

/** The `code` of a problem document. */
export type ProblemCode = OwnRule | HttpProblem;

/** What any request can meet. */
const always = [
  'REQUEST_INVALID',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'BODY_TOO_LARGE',
  'INTERNAL',
  'RECORD_NEWER',
  'STORAGE',
] as const satisfies readonly ProblemCode[];

/** What an operation can meet beside it. */
const own: { readonly [Name in OperationName]: readonly ProblemCode[] } = {
  requestBuild: ['BUILDER_UNKNOWN', 'VARIABLE_NOT_ALLOWED', 'RETENTION_TOO_LOW', 'TOKEN_CONFLICT', 'BUILDER_QUARANTINED', 'QUEUE_FULL'],
  readBuild: ['BUILD_UNKNOWN'],
  stopBuild: ['BUILD_UNKNOWN'],
  raiseRetention: ['BUILD_UNKNOWN', 'RAISE_REFUSED'],
  readResult: ['BUILD_UNKNOWN', 'BUILD_NOT_ENDED', 'GONE'],
  readSummary: ['BUILD_UNKNOWN', 'BUILD_NOT_ENDED', 'GONE'],
  readLog: ['BUILD_UNKNOWN'],
  readDiag: ['BUILD_UNKNOWN', 'BUNDLE_INVALID', 'BUNDLE_TAMPERED', 'DIAG_SECRET', 'DIAG_TOO_LARGE', 'GONE'],
  listBuilders: [],
  readBuilder: ['BUILDER_UNKNOWN'],
  listBuilds: ['BUILDER_UNKNOWN'],
  readManifest: ['BUILDER_UNKNOWN', 'MANIFEST_MISSING', 'CHAIN_BROKEN', 'GONE'],
  publish: [
    'BUILDER_UNKNOWN',
    'VARIABLE_NOT_ALLOWED',
    'BUILDER_QUARANTINED',
    'CHAIN_BROKEN',
    'MANIFEST_MISSING',
    'INPUTS_DRIFTED',
    'BUILD_UNKNOWN',
    'BUILD_NOT_PUBLISHABLE',
    'POINTER_REFUSED',
  ],
  releaseQuarantine: ['BUILDER_UNKNOWN'],
};

/** The codes of the problems that an operation is answered with, by their status. */
export function problemsOf(name: OperationName): ReadonlyMap<number, readonly ProblemCode[]> {
  const codes: readonly ProblemCode[] = [...always, ...(operations[name].body === null ? [] : ['MEDIA_TYPE' as const]), ...own[name]];
  const byStatus = Map.groupBy(codes, statusOf);
  return new Map([...byStatus].toSorted(([a], [b]) => a - b));
}
