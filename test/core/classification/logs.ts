import { type PackerRunContext, classifyLog } from '../../../core/classification/classify.ts';

/** Nothing is known of how packer ended. */
export const unknownEnd: PackerRunContext = { packerExitCode: null, signal: null, attempt: 1, recorded: [] };

/** Packer ended as it does after any failure. */
export const failed: PackerRunContext = { ...unknownEnd, packerExitCode: 1 };

export const succeeded: PackerRunContext = { ...unknownEnd, packerExitCode: 0 };

/** The verdict in short: its class and its rule. */
export function outcome(lines: readonly string[], context: PackerRunContext = failed): string {
  const verdict = classifyLog(lines, context);
  return `${verdict.exit_code} ${verdict.classification.rule}`;
}

/** As packer prints a text in a machine-readable line. */
export function encoded(text: string): string {
  return text.replaceAll(',', '%!(PACKER_COMMA)').replaceAll('\n', '\\n');
}

/** The end of a machine-readable log in which one target failed, as packer 1.6.6 prints it. */
export function failedTarget(target: string, error: string, before: readonly string[] = []): string[] {
  const text = encoded(error);
  return [
    `1795380254,,ui,say,==> ${target}: Prevalidating any provided VPC information`,
    ...before,
    `1795380255,,ui,error,Build '${target}' errored after 288 milliseconds 625 microseconds: ${text}`,
    '1795380255,,ui,say,\\n==> Wait completed after 289 milliseconds 256 microseconds',
    '1795380255,,error-count,1',
    "1795380255,,ui,error,\\n==> Some builds didn't complete successfully and had errors:",
    `1795380255,${target},error,${text}`,
    `1795380255,,ui,error,--> ${target}: ${text}`,
    '1795380255,,ui,say,\\n==> Builds finished but no artifacts were created.',
  ];
}

/** A machine-readable log in which a shell script prints some lines on standard error and exits with 1. */
export function exitOfScript(target: string, printed: readonly string[], level: 'error' | 'message' = 'error'): string[] {
  return failedTarget(target, 'Script exited with non-zero exit status: 1.Allowed exit codes are: [0]', [
    `1795380254,,ui,say,==> ${target}: Provisioning with shell script: /tmp/packer-shell1`,
    ...printed.map((line) => `1795380254,,ui,${level},${level === 'error' ? '==>' : '   '} ${target}: ${encoded(line)}`),
    `1795380254,,ui,say,==> ${target}: Provisioning step had errors: Running the cleanup provisioner%!(PACKER_COMMA) if present...`,
    `1795380254,,ui,say,==> ${target}: Terminating the source AWS instance...`,
  ]);
}
