import { describe, expect, it } from 'vitest';

import { type Secrets } from '../../core/ports.ts';

export interface SecretsUnderTest {
  readonly secrets: Secrets;
  /** What is there. */
  readonly present: readonly { readonly reference: string; readonly value: string }[];
  /** What is not, each with the part of the reference that a person knows it by. */
  readonly missing: readonly { readonly reference: string; readonly known: string }[];
}

/** What every adapter of `Secrets` promises. Registers its tests. */
export function secretsContract(name: string, { secrets, present, missing }: SecretsUnderTest): void {
  describe(`${name} keeps the contract of secrets`, () => {
    it.each(present)('gives what $reference stands for, as it is', async ({ reference, value }) => {
      expect(await secrets.read(reference)).toEqual({ ok: true, value });
    });

    it.each(missing)(
      'tells that $reference is not there, by its name and with what to do, and gives no value away',
      async ({ reference, known }) => {
        const read = await secrets.read(reference);
        expect(read).toMatchObject({ ok: false, failure: { rule: 'SECRET_UNAVAILABLE', message: expect.stringContaining(known) } });
        expect(read.ok ? '' : read.failure.remedy).toMatch(/\w+ .*\w/);
        for (const { value } of present) expect(JSON.stringify(read)).not.toContain(value.trim());
      },
    );
  });
}
