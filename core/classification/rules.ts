import { awsAccessRules } from './rules-aws-access.ts';
import { awsLimitRules } from './rules-aws-limits.ts';
import { awsRules } from './rules-aws.ts';
import { azureRules } from './rules-azure.ts';
import { cloudRules } from './rules-clouds.ts';
import { credentialRules } from './rules-credentials.ts';
import { googleRules } from './rules-google.ts';
import { guestRules } from './rules-guest.ts';
import { hypervisorRules } from './rules-hypervisors.ts';
import { integrityRules } from './rules-integrity.ts';
import { lastRules } from './rules-last.ts';
import { networkRules } from './rules-network.ts';
import { packageRules } from './rules-packages.ts';
import { packerRules } from './rules-packer.ts';
import { protocolRules } from './rules-protocol.ts';
import { type RuleRow, type TextSource, type Turn, type TurnContext } from './rules-row.ts';
import { scriptRules, scriptTrustRules } from './rules-script.ts';
import { serviceRules } from './rules-service.ts';

/**
 * The rules for what packer and the build service say of a failure. Order is precedence: the first row that
 * matches a text decides, so the particular stands before the general.
 */
export const rules: readonly RuleRow[] = [
  ...serviceRules,
  ...integrityRules,
  ...awsAccessRules,
  ...awsLimitRules,
  ...awsRules,
  ...azureRules,
  ...googleRules,
  ...hypervisorRules,
  ...cloudRules,
  ...packerRules,
  ...guestRules,
  ...scriptTrustRules,
  ...packageRules,
  ...scriptRules,
  ...credentialRules,
  ...protocolRules,
  ...networkRules,
  ...lastRules,
];

/**
 * The first row that takes a text of this source: one of the user's own before a built-in one, unless that tells of a
 * violation, which no rule hides. `text` is cut by the reader to what a row may cost.
 */
export function ruleFor(text: string, source: TextSource, users: readonly RuleRow[] = []): RuleRow | undefined {
  const takes = (row: RuleRow) => isReadFrom(row, source) && row.pattern.test(text);
  const builtIn = rules.find(takes);
  return builtIn?.class === 3 ? builtIn : (users.find(takes) ?? builtIn);
}

/** The turn that holds in this context; undefined where the row's own class stands. */
export function turnOf(row: RuleRow, context: TurnContext): Turn | undefined {
  return row.turns?.find((turn) => turn.when(context));
}

function isReadFrom(row: RuleRow, source: TextSource): boolean {
  switch (source) {
    case 'error':
      return row.reads === 'error' || row.reads === 'any';
    case 'output':
      return row.reads === 'output' || row.reads === 'any';
    case 'service':
      // What the service quotes of an API is as good as packer's own error line.
      return row.reads !== 'output';
  }
}
