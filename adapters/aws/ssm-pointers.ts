import { setTimeout as sleep } from 'node:timers/promises';
import { GetParameterCommand, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';

import { pointerName } from '../../core/channel.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { type ChannelPointers } from '../../core/ports.ts';
import { type Wait } from './backoff.ts';
import { errorName, explained } from './service-failure.ts';

export interface SsmPointersOptions {
  /** The region of this deployment: of an artifact in several regions its AMI is the one that is pointed to. */
  readonly region: string;
  /** Lets so many milliseconds pass before the parameter is read again. */
  readonly wait?: Wait;
}

/** SSM looks at an AMI after it has answered, which takes a few seconds: how often its verdict is looked for, and how far apart. Milliseconds. */
const readBack = { tries: 15, pause: 1000 } as const;

/** By which SSM refuses what was asked and would refuse it again. */
const refusals: ReadonlySet<string | undefined> = new Set([
  'HierarchyLevelLimitExceededException',
  'HierarchyTypeMismatchException',
  'InvalidAllowedPatternException',
  'ParameterAlreadyExists',
  'ParameterLimitExceeded',
  'ParameterMaxVersionLimitExceeded',
  'ParameterPatternMismatchException',
  'UnsupportedParameterType',
  'ValidationException',
]);

/**
 * Pointers outside as parameters of Systems Manager, of the type String and the data type `aws:ec2:image`. SSM answers before
 * it has looked whether there is such an AMI, and then silently keeps what was there; so the parameter counts as moved only
 * once it shows the AMI. Where it does not within 15 seconds, that is the failure POINTER_REFUSED.
 *
 * @returns pointers whose `point` throws FailureError STORAGE where SSM throttles, denies or does not answer.
 */
export function ssmPointers(client: SSMClient, { region, wait = sleep }: SsmPointersOptions): ChannelPointers {
  const called = (action: string, name: string) => ({ what: `the parameter ${name} in ${region}`, action });

  const shown = async (name: string): Promise<{ readonly value: string | null; readonly isImage: boolean }> => {
    const parameter = await explained(called('ssm:GetParameter', name), () =>
      client.send(new GetParameterCommand({ Name: name })).then(
        ({ Parameter }) => Parameter,
        (error: unknown) => {
          if (errorName(error) === 'ParameterNotFound') return undefined;
          throw error;
        },
      ),
    );
    return { value: parameter?.Value ?? null, isImage: parameter?.DataType === 'aws:ec2:image' };
  };

  /** Why SSM would refuse it again; undefined where it has taken it. */
  const put = async (name: string, ami: string): Promise<string | undefined> =>
    explained(called('ssm:PutParameter', name), async () => {
      try {
        await client.send(new PutParameterCommand({ Name: name, Value: ami, Type: 'String', DataType: 'aws:ec2:image', Overwrite: true }));
        return undefined;
      } catch (error) {
        if (!refusals.has(errorName(error))) throw error;
        return `${errorName(error)}: ${error instanceof Error ? error.message : ''}`;
      }
    });

  const move = async (name: string, ami: string): Promise<Outcome<void>> => {
    const before = await shown(name);
    if (before.value === ami && before.isImage) return success(undefined);
    const problem = await put(name, ami);
    if (problem !== undefined) return refused(`the parameter ${name} does not take ${ami}: ${problem}`);
    let last = before;
    for (let tried = 0; tried < readBack.tries; tried += 1) {
      if (tried > 0) await wait(readBack.pause);
      last = await shown(name);
      if (last.value === ami && last.isImage) return success(undefined);
    }
    const still = last.value === null ? 'is not there' : `shows ${last.value}`;
    return refused(
      `SSM took ${ami} for the parameter ${name} and did not keep it: ${(readBack.tries - 1) * (readBack.pause / 1000)} s later the parameter ${still}`,
    );
  };

  return {
    async point({ channel, parameter }, image) {
      const name = pointerName(parameter, channel);
      const amis = amisOf(image, region);
      const [ami] = amis;
      if (ami === undefined || amis.length > 1)
        return refused(`${image} has ${amis.length} AMIs in ${region}, and the parameter ${name} of that region shows one`);
      return move(name, ami);
    },
  };
}

/** The AMIs of an artifact in a region. */
function amisOf(image: string, region: string): readonly string[] {
  return image
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${region}:ami-`))
    .map((part) => part.slice(region.length + 1));
}

function refused(message: string): Outcome<never> {
  return failure(
    'POINTER_REFUSED',
    message,
    'look whether the AMI is there, in this region, and for this account to use, and whether the parameter is a String for AMIs; then publish again',
  );
}
