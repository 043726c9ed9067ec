import { type Command, InvalidArgumentError, Option } from 'commander';

import { ChannelName } from '../core/channel.ts';
import { VariableName } from '../core/identity.ts';

/** What every command has. */
export function jsonOption(command: Command): Command {
  return command.option('--json', 'print one JSON document on standard output and nothing else');
}

/** What every command has that is about a repository. */
export function repositoryOptions(command: Command): Command {
  return command
    .option('--config <file>', 'the hybridcore.yaml to use (default: here or in the nearest folder above)', path)
    .option('--home <folder>', 'where objects and records are (default: the folder of hybridcore.yaml)', path);
}

/** What every command has that can be told to a dispatcher elsewhere. */
export function apiOptions(command: Command): Command {
  return command
    .option('--api <url>', 'the dispatcher to ask, in place of the one on this machine (default: HYBRIDCORE_API)', path)
    .addOption(
      new Option(
        '--api-auth <how>',
        'what lets requests in (default: sigv4 for an address of API Gateway, else the token of `serve`)',
      ).choices(['sigv4', 'token']),
    );
}

/** An empty path would mean the folder one stands in: what a script gets whose variable is not set. */
export function path(text: string): string {
  if (text === '') throw new InvalidArgumentError('it is empty.');
  return text;
}

/** Variables, each with its value. */
export function variableOption(description: string): Option {
  return new Option('--var <name=value>', description).argParser(variable).default({}, 'none');
}

function variable(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=');
  const name = VariableName.safeParse(text.slice(0, at));
  if (at < 1 || !name.success) throw new InvalidArgumentError('give a variable as name=value.');
  return { ...before, [name.data]: text.slice(at + 1) };
}

/** References to secrets, as `secrets` of hybridcore.yaml has them. */
export function secretOption(description: string): Option {
  return new Option('--secret <env:NAME>', description)
    .argParser((text, before: readonly string[]) => {
      if (!/^env:[A-Za-z_]\w*$/.test(text)) throw new InvalidArgumentError('give a secret as env:NAME.');
      return [...before, text];
    })
    .default([], 'none');
}

/** The parser of an option that is a number. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`give a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** A channel by its name. */
export function channelOption(description: string): Option {
  return new Option('--channel <name>', description).argParser((text) => {
    const name = ChannelName.safeParse(text);
    if (!name.success) throw new InvalidArgumentError(`${name.error.issues[0]?.message}.`);
    return name.data;
  });
}
