import { type Command } from 'commander';

import { failure } from '../core/failure.ts';
import { type Host, openRepository } from './host.ts';
import { apiOptions, variableOption } from './options.ts';
import { type RemoteOptions, remoteAddress } from './remote-address.ts';
import { type Running } from './running.ts';
import { type RequestOptions } from './typed-request.ts';

/**
 * Adds `dispatch`.
 *
 * @param dispatch the command `dispatch <builder>`, with the options that each command has.
 */
export function registerDispatch(dispatch: Command, host: Host, { run }: Pick<Running, 'run'>): void {
  requestOptions(apiOptions(dispatch))
    .option('--wait', 'follow the build to its end, and exit with its exit code')
    .action((typed: string, options: RemoteOptions & RequestOptions & { wait?: boolean }) =>
      run(typed, options, async () => {
        const address = remoteAddress(host, options);
        if (address === undefined)
          return failure(
            'USAGE',
            'no dispatcher is named',
            'name it with --api or HYBRIDCORE_API; to build on this machine: hybridcore-packer build',
          );
        const { openApi } = await import('./remote.ts');
        const api = await openApi(host, address, options);
        if (!api.ok) return api;
        const repository = openRepository(host, options);
        // One that is there and does not hold is told; whoever asks from elsewhere has none.
        if (!repository.ok && repository.failure.rule !== 'CONFIG_MISSING') return repository;
        return (await import('./commands/dispatch.ts')).dispatch(
          host,
          api.value,
          repository.ok ? repository.value : undefined,
          typed,
          options,
        );
      }),
    );
}

/** What a request for a build can say. */
export function requestOptions(command: Command): Command {
  return command
    .addOption(variableOption('a variable that hybridcore.yaml lets a request set; may be repeated'))
    .option('--retention <class>', "a retention class that keeps at least as long as the builder's own")
    .option('--only-if-changed', 'do not run packer where the inputs are those of the newest manifest: the build is skipped, exit code 0')
    .option('--max-age <duration>', 'with --only-if-changed: build all the same where that manifest is older (90s, 2m, 12h, 30d)')
    .option('--client-token <text>', 'the same token and request give the same build, for at least a day');
}
