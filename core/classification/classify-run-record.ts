import { type InstallFailure, installStatus } from '../contract/install-status.ts';
import { variables } from '../contract/variables.ts';
import { namesOf } from '../names-of.ts';
import { type RunRecord } from '../run-record.ts';
import { findInErrors } from './finding.ts';
import { type OwnRule, ownRules } from './own-rules.ts';
import { type Verdict, verdictWith } from './verdict.ts';

/**
 * The verdict on an attempt that left no result, by the build service's own record (design 7): a fault of the
 * service 2, its time limit 2, a stop 1, else what its phases say of their end.
 *
 * @throws TypeError for a run that is still in progress: there is nothing to judge yet.
 */
export function classifyRunRecord(run: RunRecord, attempt: 1 | 2): Verdict {
  const contexts = contextsOf(run);
  switch (run.status) {
    case 'IN_PROGRESS':
      throw new TypeError(`the run ${run.run} is still in progress`);
    case 'FAULT':
      return own('RUN_FAULT', 'If the retry fails too, look at the health dashboard of the build service.', contexts);
    case 'TIMED_OUT':
      return timedOut(contexts);
    case 'STOPPED':
      return own('STOPPED', 'Ask for a new build when it is wanted. Look for instances that packer could not remove.', contexts);
    case 'SUCCEEDED':
      return lost('The run ended well in the eyes of the build service, but handed nothing over.', contexts);
    case 'FAILED':
      return byContexts(contexts, attempt, run.exported_variables?.[variables.exitStatus]);
  }
}

/** Contexts that say something, as `STATUS: message`, in the order of the phases. */
function contextsOf(run: RunRecord): string[] {
  return run.phases.flatMap((phase) =>
    phase.contexts
      .filter((context) => `${context.status_code}${context.message}`.trim() !== '')
      .map((context) => `${phase.phase}: ${context.status_code}: ${context.message}`),
  );
}

/** @param exported the attempt's exit status as the buildspec exported it: a context only might hold one. */
function byContexts(contexts: readonly string[], attempt: 1 | 2, exported: string | undefined): Verdict {
  if (contexts.some((context) => context.includes('BUILD_TIMED_OUT'))) return timedOut(contexts);
  // A command is quoted in its context: its words are no cause.
  const commands = contexts.filter((context) => context.includes(': COMMAND_EXECUTION_ERROR: '));
  const others = contexts.filter((context) => !commands.includes(context));
  for (const context of others) {
    const found = findInErrors([{ number: 0, text: context }], { target: null, step: [], made: [], users: [] }, 'service');
    if (found === undefined) continue;
    const again = attempt === 2 && found.class === 2 ? ' It failed like this on the second attempt: a third one is not made.' : '';
    return verdictWith(found.class, {
      rule: found.rule.code,
      reason: found.rule.reason,
      hint: `${found.turn?.says ?? found.rule.hint}${again}`,
      evidence: shorten([context]),
    });
  }
  const install = installFailureOf(commands);
  if (install !== undefined) return own(installRules[install].rule, installRules[install].hint, contexts);
  const status = commands.map(exitStatusOf).find((found) => found !== null) ?? statusIn(exported);
  return status === null ? withoutStatus(contexts) : byExitStatus(status, contexts);
}

/** The command may span lines, and the context may lack the status (facts: CodeBuild, phase contexts). */
function exitStatusOf(context: string): number | null {
  const [, status] = /Reason: exit status (\d{1,3})\s*$/.exec(context.slice(-200)) ?? [];
  return status === undefined ? null : Number(status);
}

function statusIn(exported: string | undefined): number | null {
  return exported !== undefined && /^[1-9]\d{0,2}$/.test(exported) ? Number(exported) : null;
}

const installRules = {
  unreachable: {
    rule: 'INSTALL_UNREACHABLE',
    hint: 'The log of the build service has the address and what it answered. If the retry fails too, see whether the way out of the VPC and the server that it comes from work.',
  },
  invalid: {
    rule: 'INSTALL_INVALID',
    hint: 'The log of the build service names what is missing. Mend the build image, the pin or the permissions of the project, or deploy the stack again.',
  },
  tampered: {
    rule: 'INSTALL_TAMPERED',
    hint: "The log of the build service has both checksums. Find out who is right before anything else: compare the pin with HashiCorp's SHA256SUMS, and see who can write to the bucket or stands in between. Then release the builder.",
  },
} as const satisfies Record<InstallFailure, { rule: OwnRule; hint: string }>;

/** What the buildspec's own install commands say. In any other phase the same statuses would be a build's. */
function installFailureOf(commands: readonly string[]): InstallFailure | undefined {
  const command = commands.find((context) => context.startsWith('INSTALL: '));
  const status = command === undefined ? null : exitStatusOf(command);
  return namesOf(installStatus).find((name) => installStatus[name] === status);
}

/**
 * An attempt exits with its class, but here it left nothing that says why. Its 2, and every end by a signal, is a
 * lost run; its 1 and 3, and a shell's 126 and 127, would come again, so a person looks.
 */
function byExitStatus(status: number, contexts: readonly string[]): Verdict {
  if (status === 1 || status === 3 || status === 126 || status === 127) {
    return own(
      'UNKNOWN',
      `The attempt ended with exit status ${status} and handed nothing over: read the log of the build service.`,
      contexts,
    );
  }
  return lost(`The attempt ended with exit status ${status}.`, contexts);
}

function withoutStatus(contexts: readonly string[]): Verdict {
  if (contexts.length === 0) return lost('The build service does not say why the run failed.', contexts);
  return own('UNKNOWN', 'Read the log of the build service.', contexts);
}

function timedOut(contexts: readonly string[]): Verdict {
  return own(
    'TIMED_OUT',
    'Packer had no time to clean up: look for instances and images that were left, by their tags. Raise `timeout` if the build needs longer.',
    contexts,
  );
}

function lost(what: string, contexts: readonly string[]): Verdict {
  return own(
    'RUN_LOST',
    `${what} Look for instances and images that were left, by their tags; if the retry is lost too, read the log of the build service.`,
    contexts,
  );
}

function own(rule: OwnRule, hint: string, contexts: readonly string[]): Verdict {
  return verdictWith(ownRules[rule].exit_code, { rule, reason: ownRules[rule].reason, hint, evidence: shorten(contexts) });
}

function shorten(contexts: readonly string[]): string[] {
  // The end of a context has the reason.
  return contexts.slice(-10).map((context) => (context.length <= 500 ? context : `${context.slice(0, 200)} … ${context.slice(-290)}`));
}
