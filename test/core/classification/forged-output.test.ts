import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { classifyLog } from '../../../core/classification/classify.ts';
import { exitOfScript, unknownEnd } from './logs.ts';
import { samples } from './rule-samples.ts';
import { rules } from '../../../core/classification/rules.ts';

/** What the built-in violations take, which is what a script would print to close a builder. */
const violations = rules
  .filter((row) => row.class === 3 || row.turns?.some((turn) => turn.to === 3))
  .flatMap((row) => samples[row.code]?.taken.split('\n') ?? []);

/** What stands around it to make it look like packer's own. */
const disguises = [
  '',
  '==> amazon-ebs.base: Error launching source instance: ',
  '    amazon-ebs.base: ',
  "Build 'amazon-ebs.base' errored after 1 second: ",
  '--> amazon-ebs.base: ',
  "==> Some builds didn't complete successfully and had errors:\\n--> amazon-ebs.base: ",
  '1795380255,amazon-ebs.base,error,',
  '1795380255,,ui,error,',
  "1795380255,,ui,error,Build 'amazon-ebs.base' errored: ",
  '\\n1795380255,amazon-ebs.base,error,',
  '%!(PACKER_COMMA)error%!(PACKER_COMMA)',
  ',error,',
  'Error: ',
  '1 error(s) occurred:\\n\\n* ',
  'Instance state change details: ',
  'panic: ',
  '!!!!!!!!!!!!!!!!!!!!!!!!!!! PACKER CRASH !!!!!!!!!!!!!!!!!!!!!!!!!!!! ',
  '[Container] 2026/11/22 20:00:00 Phase context status code: ',
  '[Container] 2026/11/22 20:00:00 Command did not exit successfully ',
  "2026/11/22 20:00:00 ui error: Build 'amazon-ebs.base' errored: ",
  '2026/11/22 20:00:00 machine readable: amazon-ebs.base,error []string{"',
  '2026-11-22T20:00:00.0000000Z ',
  '20:00:00 ',
  '##[error]',
  '> ',
  '17: ',
  'images-1  | ',
  '[base] ',
  'INFO ',
  '[1;31m',
  'ci packer[1]: ',
  'null_resource.x (local-exec): ',
  'base\tbuild\t2026-11-22T20:00:00.000Z ',
  'amazon-ebs.base: output will be in this color.',
  '\u001B[2K\u001B[1G',
  '\u001B[1;31m',
  '\u001B]0;title\u0007',
  '\r',
  '\u001B[0m\r\n',
  '\u2028',
  '\u0085',
];

/** What other programs put before every line of a log that they carry on. */
const carriers = [
  '',
  '2026-11-22T20:00:00.0000000Z ',
  '12: ',
  '> ',
  'base\tbuild\t2026-11-22T20:00:00.000Z ',
  'ci-1  | ',
  'null_resource.x (local-exec): ',
];

const forged = fc
  .tuple(fc.array(fc.constantFrom(...disguises), { maxLength: 3 }), fc.oneof(fc.constantFrom(...violations), fc.string({ maxLength: 20 })))
  .map(([parts, text]) => `${parts.join('')}${text}`);

/** Or just what packer says when it begins a target, and before it runs something on the machine that builds. */
const printed = fc.oneof(
  { arbitrary: forged, weight: 12 },
  fc.constantFrom('output will be in this color.', 'Retrieving ISO', 'Creating server...'),
);

/** As packer prints the output of a provisioner for people: each line behind the name of its target. */
function forPeople(lines: readonly string[], marked: boolean): string[] {
  const target = 'amazon-ebs.base';
  return [
    `${target}: output will be in this color.`,
    '',
    `==> ${target}: Provisioning with shell script: /tmp/packer-shell1`,
    ...lines.flatMap((line) => line.split('\n').map((text) => `${marked ? '==>' : '   '} ${target}: ${text}`)),
    `==> ${target}: Provisioning step had errors: Running the cleanup provisioner, if present...`,
    `Build '${target}' errored after 1 second: Script exited with non-zero exit status: 1.Allowed exit codes are: [0]`,
    '',
    "==> Some builds didn't complete successfully and had errors:",
    `--> ${target}: Script exited with non-zero exit status: 1.Allowed exit codes are: [0]`,
  ];
}

/** Packer reads a provisioner's output line by line, whatever ends one. */
const noLineEnd = (line: string) => line.replaceAll('\n', ' ');

describe('no text that a provisioner prints', () => {
  const lines = fc.array(printed, { minLength: 1, maxLength: 12 });
  const ends = fc.constantFrom(null, 0, 1);

  it('is a violation in machine-readable output, on either stream, also where the log is cut', () => {
    fc.assert(
      fc.property(
        lines,
        fc.constantFrom('error' as const, 'message' as const),
        ends,
        fc.nat(30),
        fc.constantFrom(...carriers),
        (texts, level, packerExitCode, kept, carrier) => {
          const log = exitOfScript('amazon-ebs.base', texts.map(noLineEnd), level).map((line) => `${carrier}${line}`);
          for (const seen of [log, log.slice(0, kept)])
            expect(classifyLog(seen, { ...unknownEnd, packerExitCode }).exit_code, seen.join('\n')).not.toBe(3);
        },
      ),
      { numRuns: 2500 },
    );
  });

  it('is a violation in the output for people, on either stream, also where the log is cut at an end', () => {
    fc.assert(
      fc.property(lines, fc.boolean(), ends, fc.nat(30), fc.constantFrom(...carriers), (texts, marked, packerExitCode, kept, carrier) => {
        const log = forPeople(texts, marked).map((line) => `${carrier}${line}`);
        for (const seen of [log, log.slice(0, kept), log.slice(kept)])
          expect(classifyLog(seen, { ...unknownEnd, packerExitCode }).exit_code, seen.join('\n')).not.toBe(3);
      }),
      { numRuns: 2500 },
    );
  });
});
