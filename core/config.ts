import { AllowedSecret } from './allowed-secret.ts';
import { AwsSettings } from './aws-settings.ts';
import { UsersRules } from './classification/users-rules.ts';
import { durationUpTo } from './duration.ts';
import { BuilderName, VariableName } from './identity.ts';
import { RetentionClassName, RetentionPolicy, defaultRetention } from './retention/policy.ts';
import { Schedule } from './schedule.ts';
import { inputSecretRules } from './secret-rules.ts';
import * as z from './zod.ts';

/** A path below the repository's root, with `/`; never absolute, never through `..`. */
const RepositoryPath = z.string().check(
  z.minLength(1),
  z.refine((path) => !path.startsWith('/') && !/^[A-Za-z]:/.test(path) && !path.split(/[\\/]/).includes('..'), {
    message: 'a path is relative to the folder of hybridcore.yaml and does not leave it',
  }),
);

/** Where a secret's value comes from. Only the reference is ever written down. */
export const SecretReference = z
  .string()
  .check(
    z.regex(
      /^(?:secretsmanager:[\w/+=.@-]+(?:#[\w.-]+)?|ssm:\/?[\w./-]+|env:[A-Za-z_]\w*)$/,
      'a secret is named as secretsmanager:ID#KEY, ssm:/NAME or env:NAME',
    ),
  );

/** A name or a pattern of packer's `-only` and `-except`, whose lists are parted by commas. */
const BuildPattern = z
  .string()
  .check(z.regex(/^[^\s,-][^\s,]*$/, 'a build is named as `packer inspect` shows it, without blanks and commas: "amazon-ebs.base"'));

/** As `sha256sum` and HashiCorp's SHA256SUMS print it. */
const Sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 characters of 0-9 and a-f'));

const Builder = z.strictObject({
  template: RepositoryPath.check(z.describe('what packer is given: a file or a folder')),
  var_files: z.withDefault(z.array(RepositoryPath), []).check(z.describe('variable files, in this order')),
  only: z
    .withDefault(z.array(BuildPattern), [])
    .check(z.describe('the builds of the template that packer runs, as `packer build -only` takes them')),
  except: z
    .withDefault(z.array(BuildPattern), [])
    .check(z.describe('the builds and post-processors that it leaves out, as `-except` takes them')),
  inputs: z
    .withDefault(
      z.strictObject({
        scripts: z.withDefault(z.array(RepositoryPath), []),
        configs: z.withDefault(z.array(RepositoryPath), []),
        exclude: z.withDefault(z.array(z.string().check(z.minLength(1))), []),
      }),
      { scripts: [], configs: [], exclude: [] },
    )
    .check(z.describe('globs of files that shape the image, beyond what the template itself shows')),
  variables: z.withDefault(z.array(VariableName), []).check(z.describe('the only variables that a request may set')),
  secrets: z
    .withDefault(z.record(VariableName, SecretReference), {})
    .check(z.describe('variables whose values reach packer in a private file')),
  packer: z
    .optional(
      z.strictObject({
        version: z.string().check(z.regex(/^\d+\.\d+\.\d+$/, 'a version is pinned whole: "1.14.2"')),
        sha256: z
          .optional(z.strictObject({ linux_amd64: z.optional(Sha256), linux_arm64: z.optional(Sha256) }))
          .check(z.describe("the checksums of the release's zip files, where they do not come with this project")),
      }),
    )
    .check(z.describe('the pinned packer; a build with any other is refused')),
  retry: z.withDefault(z.strictObject({ delay: z.withDefault(durationUpTo('1d'), '2m') }), { delay: '2m' }),
  retention: z.optional(RetentionClassName).check(z.describe('the floor: a request may raise it, never lower it')),
  // CodeBuild ends a build after 36 hours, in which it also prepares the machine (`runLimit`).
  timeout: z.withDefault(durationUpTo('35h'), '60m').check(z.describe('the time limit of one attempt')),
  schedule: z.optional(Schedule).check(z.describe('when the deployed dispatcher, or `serve`, builds it by itself')),
  publish: z.optional(
    z.strictObject({
      ssm_parameter: z
        .optional(
          z.string().check(
            z.regex(
              /^\/(?:[\w.-]|\{channel\})+(?:\/(?:[\w.-]|\{channel\})+)*$/,
              'a parameter is named from the root with letters, digits and . _ - in each part: "/images/debian-base/{channel}"',
            ),
            z.refine((name) => !/^\/(?:aws|ssm)/i.test(name), 'names that begin with /aws or /ssm are reserved by AWS'),
          ),
        )
        .check(z.describe('the SSM parameter that holds the published image; {channel} stands for the channel')),
    }),
  ),
  aws: z.optional(AwsSettings).check(z.describe('what only the deployed home needs')),
});
export type Builder = z.infer<typeof Builder>;

/** `hybridcore.yaml`: the image lines of one repository, and how long what they leave is kept. */
export const Config = z
  .strictObject({
    version: z.literal(1, { error: 'the version of the format, which is 1' }),
    retention: z.withDefault(RetentionPolicy, defaultRetention),
    rules: z
      .withDefault(UsersRules, [])
      .check(z.describe('rules of your own for what packer and your scripts say of a failure, asked before the built-in ones')),
    secrets_allowed: z
      .withDefault(z.array(AllowedSecret), [])
      .check(z.describe('findings among the inputs that are no secrets: each with its reason, for a time')),
    builders: z.record(BuilderName, Builder).check(z.refine((builders) => Object.keys(builders).length > 0, 'at least one builder')),
  })
  .check(
    z.superRefine((config, context) => {
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
      const secretRules = inputSecretRules(Object.values(config.builders).flatMap((builder) => Object.keys(builder.secrets)));
      for (const [index, { rule }] of config.secrets_allowed.entries()) {
        if (secretRules.includes(rule)) continue;
        context.addIssue({
          code: 'custom',
          path: ['secrets_allowed', index, 'rule'],
          message: `no secret is found by a rule ${JSON.stringify(rule)}: take the name that the finding has in brackets`,
          params: { name: rule, known: secretRules },
        });
      }
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
    }),
  );
export type Config = z.infer<typeof Config>;
