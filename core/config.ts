import * as z from 'zod';

import { Duration, durationUpTo } from './duration.ts';
import { BuilderName, VariableName } from './identity.ts';
import { RetentionClassName, RetentionPolicy, defaultRetention } from './retention.ts';

/** A path below the repository's root, with `/`; never absolute, never through `..`. */
const RepositoryPath = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith('/') && !/^[A-Za-z]:/.test(path) && !path.split(/[\\/]/).includes('..'), {
    message: 'a path is relative to the folder of hybridcore.yaml and does not leave it',
  });

/** Where a secret's value comes from. Only the reference is ever written down. */
export const SecretReference = z
  .string()
  .regex(
    /^(?:secretsmanager:[\w/+=.@-]+(?:#[\w.-]+)?|ssm:\/?[\w./-]+|env:[A-Za-z_]\w*)$/,
    'a secret is named as secretsmanager:ID#KEY, ssm:/NAME or env:NAME',
  );

const Builder = z.strictObject({
  template: RepositoryPath.describe('what packer is given: a file or a folder'),
  var_files: z.array(RepositoryPath).default([]).describe('variable files, in this order'),
  inputs: z
    .strictObject({
      scripts: z.array(RepositoryPath).default([]),
      configs: z.array(RepositoryPath).default([]),
      exclude: z.array(z.string().min(1)).default([]),
    })
    .default({ scripts: [], configs: [], exclude: [] })
    .describe('globs of files that shape the image, beyond what the template itself shows'),
  variables: z.array(VariableName).default([]).describe('the only variables that a request may set'),
  secrets: z.record(VariableName, SecretReference).default({}).describe('variables whose values reach packer in a private file'),
  packer: z
    .strictObject({ version: z.string().regex(/^\d+\.\d+\.\d+$/, 'a version is pinned whole: "1.14.2"') })
    .optional()
    .describe('the pinned packer; a build with any other is refused'),
  retry: z.strictObject({ delay: durationUpTo('1d').default('2m') }).default({ delay: '2m' }),
  retention: RetentionClassName.optional().describe('the floor: a request may raise it, never lower it'),
  // CodeBuild ends a build after 36 hours, and packer needs time to clean up before that.
  timeout: durationUpTo('35h').default('60m').describe('the time limit of one attempt'),
  schedule: z
    .strictObject({
      cron: z.string().min(1).optional(),
      rate: z.string().min(1).optional(),
      timezone: z.string().min(1).default('UTC'),
      only_if_changed: z.boolean().default(false),
      max_age: Duration.optional(),
    })
    .optional(),
  publish: z.strictObject({ ssm_parameter: z.string().min(1).optional() }).optional(),
  aws: z
    .strictObject({
      compute: z.string().min(1).optional(),
      image: z.string().min(1).optional(),
      vpc: z.record(z.string(), z.json()).optional(),
      source: z.record(z.string(), z.json()).optional(),
      policies: z.array(z.json()).optional(),
    })
    .optional()
    .describe('what only the deployed home needs'),
});
export type Builder = z.infer<typeof Builder>;

/** `hybridcore.yaml`: the image lines of one repository, and how long what they leave is kept. */
export const Config = z
  .strictObject({
    version: z.literal(1, { error: 'the version of the format, which is 1' }),
    retention: RetentionPolicy.default(defaultRetention),
    builders: z.record(BuilderName, Builder).refine((builders) => Object.keys(builders).length > 0, 'at least one builder'),
  })
  .superRefine((config, context) => {
    const known = Object.keys(config.retention.classes);
    const requireClass = (name: string, path: string[]) => {
      if (!known.includes(name))
        context.addIssue({
          code: 'custom',
          path,
          message: `no retention class is named ${JSON.stringify(name)}; there are: ${known.join(', ')}`,
        });
    };
    requireClass(config.retention.default, ['retention', 'default']);
    for (const [name, builder] of Object.entries(config.builders)) {
      if (builder.retention !== undefined) requireClass(builder.retention, ['builders', name, 'retention']);
      for (const secret of Object.keys(builder.secrets)) {
        if (builder.variables.includes(secret)) {
          context.addIssue({
            code: 'custom',
            path: ['builders', name, 'variables'],
            message: `${JSON.stringify(secret)} is a secret, so a request cannot set it`,
          });
        }
      }
    }
  });
export type Config = z.infer<typeof Config>;

/** A builder by its name; undefined where there is none of that name. */
export function builderOf(config: Config, name: BuilderName): Builder | undefined {
  return Object.hasOwn(config.builders, name) ? config.builders[name] : undefined;
}
