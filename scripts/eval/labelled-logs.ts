import { ExitCode } from '../../core/exit-code.ts';
import * as z from '../../core/zod.ts';

/** A packer log and the class that a person gave it, one JSON object a line. Further fields are for people. */
const LabelledLog = z.object({
  id: z.string().check(z.minLength(1)),
  log: z.string(),
  /** Null where it is not known. */
  exit_code_of_packer: z.nullable(z.int()),
  label: ExitCode,
  /** Another class that a reasonable person could accept; null where there is none. */
  alt_label: z.nullable(ExitCode),
});
export type LabelledLog = z.infer<typeof LabelledLog>;

/**
 * Reads a labelled set.
 *
 * @throws Error for a line that is no labelled log, or an id that comes twice, with the number of the line.
 */
export function parseLabelledLogs(text: string): LabelledLog[] {
  const seen = new Set<string>();
  return text.split('\n').flatMap((line, at) => {
    if (line.trim() === '') return [];
    const log = parseLine(line, at + 1);
    if (seen.has(log.id)) throw new Error(`line ${at + 1}: there is another log with the id ${JSON.stringify(log.id)}`);
    seen.add(log.id);
    return [log];
  });
}

function parseLine(line: string, number: number): LabelledLog {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error(`line ${number}: this is no JSON; a labelled set holds one JSON object a line`);
  }
  const parsed = LabelledLog.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`line ${number}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is no labelled log'}`);
}
