import { Config } from './config.ts';
import { Digest } from './digest.ts';
import { type Outcome, failure, success } from './failure.ts';
import { BuilderName } from './identity.ts';
import { Input } from './input.ts';
import * as z from './zod.ts';

/** What the source of a builder showed when it was deployed. */
export const DeployedInputs = z.strictObject({
  /** Over its inputs where a request sets no variable. */
  fingerprint: Digest,
  /**
   * These inputs, where no variable of a request changes which files they are. Left out where one does, or where the
   * builder takes no variables: nobody needs them then.
   */
  inputs: z.optional(z.array(Input)),
});
export type DeployedInputs = z.infer<typeof DeployedInputs>;

/** `deployment.json`, beside the code of each function that reads it: what was deployed, as plain data. */
export const Deployment = z
  .strictObject({
    schema: z.literal('hybridcore-packer/deployment/1'),
    /** Of this program. */
    version: z.string().check(z.minLength(1)),
    /** `hybridcore.yaml` as it was then: on AWS this one rules. */
    config: Config,
    /** For each builder of the config; null where its source is not deployed with it (a Git source) or could not be read. */
    sources: z.record(BuilderName, z.nullable(DeployedInputs)),
  })
  .check(
    z.superRefine(({ config, sources }, context) => {
      const problem = (name: string, message: string) => context.addIssue({ code: 'custom', path: ['sources', name], message });
      for (const name of Object.keys(config.builders)) if (!Object.hasOwn(sources, name)) problem(name, 'is missing, though config has it');
      for (const name of Object.keys(sources)) if (!Object.hasOwn(config.builders, name)) problem(name, 'is no builder of config');
    }),
  );
export type Deployment = z.infer<typeof Deployment>;

/** Reads the text of a `deployment.json`. @returns every fault in one failure, where there are any. */
export function parseDeployment(text: string): Outcome<Deployment> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unfit(['it is no JSON']);
  }
  const parsed = Deployment.safeParse(value);
  if (parsed.success) return success(parsed.data);
  return unfit(parsed.error.issues.map((issue) => `${issue.path.map(String).join('.') || 'the top'}: ${issue.message}`));
}

function unfit(faults: readonly string[]): Outcome<never> {
  return failure(
    'DEPLOYMENT_INVALID',
    `deployment.json does not fit its schema: ${faults.join('; ')}`,
    'deploy again; nobody but `npm run synth` writes that file',
    faults,
  );
}
