import { Digest } from './digest.ts';
import { VariableName } from './identity.ts';
import { InputName } from './input-name.ts';
import * as z from './zod.ts';

/** Kinds of files among the inputs, in the order in which they win: a file that fits several is the first. */
export const fileKinds = ['template', 'script', 'config'] as const;
export type FileKind = (typeof fileKinds)[number];

/** Kinds of inputs: files, and what is none and shapes the image. */
export const inputKinds = [...fileKinds, 'option', 'tool', 'variable'] as const;

const FileInput = z.strictObject({
  kind: z.literal(fileKinds),
  /** The path below the repository's root, with `/`. */
  name: InputName,
  /** Over the file's bytes; of a link, over its target's path and, inside the repository, the target's bytes. */
  digest: Digest,
  /** Bytes. */
  size: z.int().check(z.nonnegative()),
  /** As git writes it: 100644, 100755, or 120000 for a link. */
  mode: z.literal(['100644', '100755', '120000']),
});

/** What JSON can say. */
export const JsonValue = z.json();

const OptionInput = z.strictObject({
  kind: z.literal('option'),
  name: InputName,
  digest: Digest,
  value: JsonValue,
});

const ToolInput = z.strictObject({
  kind: z.literal('tool'),
  name: InputName,
  digest: Digest,
  /** The declared version. */
  value: z.string(),
});

const PlainVariableInput = z.strictObject({
  kind: z.literal('variable'),
  name: VariableName,
  digest: Digest,
  value: z.string(),
  from: z.literal('request'),
});

/** Never with its value, nor with a digest of it: the digest is over the reference. */
const SensitiveVariableInput = z.strictObject({
  kind: z.literal('variable'),
  name: VariableName,
  digest: Digest,
  sensitive: z.literal(true),
  reference: z.string(),
});

/** Something declared that the image is made from. */
export const Input = z.union([FileInput, OptionInput, ToolInput, PlainVariableInput, SensitiveVariableInput]);
export type Input = z.infer<typeof Input>;
export type FileInput = z.infer<typeof FileInput>;

/** A reference of a template that cannot be resolved without running packer, and that no declared glob covers. */
export const UndeclaredInput = z.strictObject({
  /** The expression as the template writes it. */
  reference: z.string(),
  /** The file that holds it, below the repository's root. */
  template: z.string(),
  /** From 1. */
  line: z.int().check(z.positive()),
  why: z.string(),
});
export type UndeclaredInput = z.infer<typeof UndeclaredInput>;
