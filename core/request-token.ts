import { Digest, digestOfJson } from './digest.ts';
import { BuildId, BuilderName, Caller, Timestamp } from './identity.ts';
import * as z from './zod.ts';

/** How long a `client_token` is remembered: the promise is a day, and a caller's clock may be off. Milliseconds. */
export const tokenLifetime = 2 * 86_400_000;

/** What a `client_token` stood for: the same caller, builder, token and body are given the same build. The record of `Records`. */
export const RequestToken = z.lazy(() =>
  z.strictObject({
    schema: z.literal('hybridcore-packer/request-token/1'),
    version: z.int().check(z.positive()),
    token_id: Digest,
    builder: BuilderName,
    by: Caller,
    /** Over the request without its token. */
    request: Digest,
    build_id: BuildId,
    accepted_at: Timestamp,
    /** From then on the token is free, and the record may go. */
    expires_at: Timestamp,
  }),
);
export type RequestToken = z.infer<typeof RequestToken>;

/** The id of a token: the digest over who asked, for which builder, and the token itself. */
export function tokenIdOf(builder: BuilderName, by: string, token: string): Digest {
  return digestOfJson([builder, by, token]);
}
