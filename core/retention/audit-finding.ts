import { type BuildId } from '../identity.ts';

/** What an audit can find. */
export const auditFindings = {
  'no-class': 'an object that has no tags, so nobody can say how long it is kept',
  'unknown-build': 'an object of a build that no record knows',
  'unknown-class': 'an object whose class the policy does not have, and whose build was promised no days',
  'class-differs': 'an object whose class is not that of its build',
  outlived: 'an object that is still there later than its class and the bound of the policy allow',
  'gone-early': 'an object that is gone though its time is not over, or though it is held',
  unrecorded: 'an object that is gone at the end of its time without a record of its deletion',
  altered: 'an object that is not what was written',
  unlocked: 'a sealed object that can be written to',
  'summary-differs': 'a log summary that names another retention than the record of its build',
} as const;

export type AuditFindingName = keyof typeof auditFindings;

export interface AuditFinding {
  readonly finding: AuditFindingName;
  readonly key: string;
  readonly build_id: BuildId | null;
  /** The retention class; null where none is known. */
  readonly class: string | null;
  /** With the sum, where there is one. */
  readonly message: string;
}
