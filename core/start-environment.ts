import { type Outcome, failure, success } from './failure.ts';

/** Variables by which packer would take an input that no manifest shows. */
export function isPackersOwn(name: string): boolean {
  return /^(?:PKR_VAR_|PACKER_)/.test(name);
}

/**
 * Whether a start request may set these variables, on any build service: names that a shell can hold, none of CodeBuild's
 * reserved `CODEBUILD_`, none by which packer takes inputs, and values without NUL.
 */
export function checkStartEnvironment(environment: Readonly<Record<string, string>>): Outcome<Readonly<Record<string, string>>> {
  for (const [name, value] of Object.entries(environment)) {
    const why = refusal(name, value);
    if (why !== undefined)
      return failure(
        'SERVICE_REFUSED',
        `the start request sets the variable ${JSON.stringify(name)}: ${why}`,
        'leave it out, or give it another name',
      );
  }
  return success(environment);
}

function refusal(name: string, value: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return 'a shell cannot hold a variable of this name';
  if (name.startsWith('CODEBUILD_')) return 'names that begin with CODEBUILD_ are reserved for the build service';
  if (isPackersOwn(name)) return 'it would change what packer builds without being an input of the builder';
  return value.includes('\0') ? 'its value holds a NUL' : undefined;
}
