import { Command, CommanderError } from 'commander';

import { systemClock, systemRandomness } from '../adapters/local/system.ts';
import { FailureError } from '../core/failure-error.ts';
import { type Failure } from '../core/failure.ts';
import { commandText } from '../core/command-text.ts';
import { createOutgoing } from '../core/scrub/outgoing.ts';
import { printFailure } from './answer.ts';
import { type Host } from './host.ts';
import { registerCommands } from './program.ts';
import { processTerminal } from './terminal.ts';

/**
 * Runs a command line and gives the code to exit with: the `exit_code` of its result.
 *
 * @param arguments_ the words after the program's name.
 */
export async function runCommandLine(arguments_: readonly string[]): Promise<number> {
  const outgoing = createOutgoing(systemRandomness.bytes(32));
  const workingFolder = currentFolder();
  const host: Host = {
    terminal: processTerminal(outgoing),
    outgoing,
    environment: process.env,
    workingFolder: workingFolder ?? '/',
    words: arguments_,
    get command() {
      return outgoing.text(commandText(['hybridcore-packer', ...arguments_]));
    },
  };
  const json = arguments_.includes('--json');
  const startedAt = systemClock.now();
  let exitCode = 0;
  // What commander has to say of a faulty command line comes as a failure, below. Commands inherit this as they are added.
  const program = new Command('hybridcore-packer')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: (text) => host.terminal.out.write(text) });
  registerCommands(program, host, (code) => {
    exitCode = code;
  });
  try {
    if (workingFolder === undefined) throw new FailureError(folderIsGone);
    await program.parseAsync(arguments_, { from: 'user' });
    return exitCode;
  } catch (cause) {
    if (cause instanceof CommanderError && cause.exitCode === 0) return 0;
    return printFailure(host, failureOf(cause, (process.env['HYBRIDCORE_DEBUG'] ?? '') !== ''), { builder: null, at: startedAt }, json);
  }
}

const folderIsGone: Failure = {
  rule: 'USAGE',
  message: 'the folder that this command was called in is no longer there',
  remedy: 'go to a folder that is there, and call it again',
};

/** Undefined where it was removed. */
function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** What was thrown, as a failure: a faulty command line, the world failing a port, or a fault of our own. */
function failureOf(cause: unknown, debug: boolean): Failure {
  if (cause instanceof FailureError) return cause.failure;
  if (cause instanceof CommanderError) {
    if (cause.code === 'commander.help')
      return { rule: 'USAGE', message: 'no command was named', remedy: 'see `hybridcore-packer --help`, or `--help` after a command' };
    const early = /unknown option '(--(?:json|config|home))'/.exec(cause.message)?.[1];
    if (early !== undefined)
      return {
        rule: 'USAGE',
        message: `${early} stands before the command`,
        remedy: `put it after the command: hybridcore-packer COMMAND ${early}`,
      };
    const message = cause.message.replace(/^error: /, '').replaceAll('\n', ' ');
    return { rule: 'USAGE', message, remedy: 'see `hybridcore-packer --help`, or `--help` after a command' };
  }
  if (cause instanceof Error && 'syscall' in cause) {
    return {
      rule: 'STORAGE',
      message: cause.message,
      remedy: 'see whether the disk is full or not writable; what was begun goes on with the next command',
    };
  }
  return {
    rule: 'UNKNOWN',
    message: `this is a fault of hybridcore-packer itself: ${cause instanceof Error ? ((debug ? cause.stack : undefined) ?? cause.message) : String(cause)}`,
    remedy: `report it${debug ? ' with the text above' : ' (HYBRIDCORE_DEBUG=1 shows where it happened)'}; what was recorded is whole, and the next command goes on from it`,
  };
}
