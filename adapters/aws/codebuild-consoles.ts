import { type CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { BatchGetBuildsCommand, type CodeBuildClient } from '@aws-sdk/client-codebuild';

import { type Consoles, consoleBeginning, consolePiece, strangePlace } from '../../core/api/dispatcher.ts';
import { FailureError } from '../../core/failure-error.ts';
import { type RunId } from '../../core/identity.ts';
import { plainText } from '../../core/packer-log/plain-text.ts';
import { buildIdsOf } from './codebuild-run.ts';
import { errorName, explained } from './service-failure.ts';

/** How many events are asked for at once. They are mostly lines, and one may have as much as a whole answer. */
const eventsAtOnce = 1000;

/**
 * What CodeBuild writes of its builds into CloudWatch Logs; an attempt scrubs what it says before it says it. A place is
 * CloudWatch's own token.
 *
 * @param scrub the hook once more: what the build service itself says never passed it.
 */
export function codebuildConsoles(
  { codebuild, logs }: { readonly codebuild: CodeBuildClient; readonly logs: CloudWatchLogsClient },
  { projectPrefix, scrub }: { readonly projectPrefix: string; readonly scrub: (text: string) => string },
): Consoles {
  const streamOf = async (run: RunId) => {
    const ids = buildIdsOf(run);
    if (ids?.project.startsWith(projectPrefix) !== true) return undefined;
    const called = { what: 'CodeBuild', action: 'codebuild:BatchGetBuilds', subject: run };
    const { builds = [] } = await explained(called, () => codebuild.send(new BatchGetBuildsCommand({ ids: [ids.id] })));
    const { groupName, streamName } = builds.find(({ arn }) => arn === run)?.logs ?? {};
    return groupName === undefined || streamName === undefined ? undefined : { logGroupName: groupName, logStreamName: streamName };
  };

  return {
    async read(run, after) {
      const stream = await streamOf(run);
      if (stream === undefined) return { text: '', next: after };
      const called = { what: `the log ${stream.logGroupName}`, action: 'logs:GetLogEvents', subject: stream.logStreamName };
      for (let limit = eventsAtOnce; ; limit = Math.ceil(limit / 10)) {
        const place = after === consoleBeginning ? {} : { nextToken: after };
        const command = new GetLogEventsCommand({ ...stream, ...place, startFromHead: true, limit });
        const answer = await explained(called, () => logs.send(command).catch((error: unknown) => unreadOf(error, after)));
        if (answer === undefined) return { text: '', next: after };
        const text = (answer.events ?? []).map(({ message = '' }) => (message.endsWith('\n') ? message : `${message}\n`)).join('');
        // Where one event alone is more than an answer holds, its end is left out.
        if (Buffer.byteLength(text) <= consolePiece || limit === 1)
          return { text: scrub(plainText(Buffer.from(text).subarray(0, consolePiece).toString())), next: answer.nextForwardToken ?? after };
      }
    },
  };
}

/** Undefined where the stream is not there yet. @throws FailureError where the place is none of CloudWatch's; else the error itself. */
function unreadOf(error: unknown, after: string): undefined {
  if (errorName(error) === 'ResourceNotFoundException') return undefined;
  if (errorName(error) === 'InvalidParameterException') throw new FailureError(strangePlace(after));
  throw error;
}
