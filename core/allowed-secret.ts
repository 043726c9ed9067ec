import * as z from './zod.ts';

/** A false alarm of the search for secrets among the inputs, as `secrets_allowed` of hybridcore.yaml has it. */
export const AllowedSecret = z.lazy(() =>
  z.strictObject({
    file: z.string().check(z.minLength(1), z.describe('the input, as the finding names it')),
    rule: z.string().check(z.regex(/^[A-Za-z0-9_.-]{1,128}$/), z.describe('the rule of the finding')),
    reason: z.string().check(z.trim(), z.minLength(1, 'a false alarm needs a reason'), z.maxLength(500), z.describe('why it is no secret')),
    expires: z.iso
      .date('the last day on which it is allowed: "2027-01-31"')
      .check(z.describe('the last day on which it is allowed, in UTC')),
  }),
);
export type AllowedSecret = z.infer<typeof AllowedSecret>;
