import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CodeBuildClient, type CodeBuildClientConfig } from '@aws-sdk/client-codebuild';

import { codebuildConsoles } from '../../adapters/aws/codebuild-consoles.ts';
import { type Consoles } from '../../core/api/dispatcher.ts';
import { type Outgoing } from '../../core/scrub/outgoing.ts';
import { type FunctionEnvironment } from '../environment.ts';

/** What runs say while they are under way. @param options for each client. */
export function consoles(
  { projectPrefix }: FunctionEnvironment,
  outgoing: Outgoing,
  options: Pick<CodeBuildClientConfig, 'requestHandler'>,
): Consoles {
  const clients = { codebuild: new CodeBuildClient(options), logs: new CloudWatchLogsClient(options) };
  return codebuildConsoles(clients, { projectPrefix, scrub: (text) => outgoing.text(text) });
}
