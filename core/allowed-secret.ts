import * as z from 'zod';

/** A false alarm of the search for secrets among the inputs, as `secrets_allowed` of hybridcore.yaml has it. */
export const AllowedSecret = z.strictObject({
  file: z.string().min(1).describe('the input, as the finding names it'),
  rule: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,128}$/)
    .describe('the rule of the finding'),
  reason: z.string().trim().min(1, 'a false alarm needs a reason').max(500).describe('why it is no secret'),
  expires: z.iso.date('the last day on which it is allowed: "2027-01-31"').describe('the last day on which it is allowed, in UTC'),
});
export type AllowedSecret = z.infer<typeof AllowedSecret>;
