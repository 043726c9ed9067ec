import { execFile } from 'node:child_process';

/** What git says, as bytes; undefined where it fails, is not there, or knows no repository of the folder. */
export function git(folder: string, words: readonly string[]): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    execFile(
      'git',
      ['--no-optional-locks', '--literal-pathspecs', '-c', 'core.fsmonitor=false', '-c', 'log.showSignature=false', ...words],
      { cwd: folder, env: gitEnvironment(), encoding: 'buffer', maxBuffer: 64 * 1024 * 1024, timeout: 30_000 },
      (error, output) => {
        resolve(error === null ? output : undefined);
      },
    );
  });
}

/** What git takes its repository, its pager or its replacements from would make it answer for another repository. */
function gitEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  return { ...Object.fromEntries(kept), GIT_NO_LAZY_FETCH: '1', GIT_NO_REPLACE_OBJECTS: '1', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };
}
