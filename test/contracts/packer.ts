import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { type Packer, type PackerJob, type PackerOutcome, type PackerTool } from '../../core/ports.ts';

/** A packer in an image repository that has no files yet. */
export interface PackerUnderTest {
  readonly packer: Packer;
  /** Writes a file of the repository. */
  write(name: string, content: string): Promise<void>;
  remove(): Promise<void>;
}

/** Set in the surroundings of every packer under test. */
export const surroundings = { HIDDEN_NAME: 'hidden-value', SEEN_NAME: 'seen-value', PKR_VAR_word: 'from-the-surroundings' } as const;

const never = new AbortController().signal;

/** A template whose script runs some lines of `sh`, in which `${...}` is HCL's, and that records its artifact. */
function templateOf(...commands: readonly string[]): string {
  return `
variable "word" {
  type    = string
  default = "none"
}
variable "more" {
  type    = string
  default = "none"
}
variable "token" {
  type      = string
  sensitive = true
  default   = "unset"
}
source "null" "image" {
  communicator = "none"
}
build {
  sources = ["source.null.image"]
  provisioner "shell-local" {
    inline = [${commands.map((command) => JSON.stringify(command)).join(', ')}]
  }
  post-processor "manifest" {
    output = "recorded.json"
  }
}
`;
}

/** A job over that template. */
function jobOf(tool: PackerTool): PackerJob {
  return {
    tool,
    template: 'image.pkr.hcl',
    varFiles: [],
    only: [],
    except: [],
    variables: {},
    secrets: {},
    hiddenEnvironment: [],
    manifestOutputs: ['recorded.json'],
    init: false,
  };
}

/**
 * What every adapter of `Packer` promises, over packer itself. Registers its tests.
 *
 * @param make a packer whose own environment has `surroundings`.
 */
export function packerContract(name: string, make: () => Promise<PackerUnderTest>): void {
  describe.concurrent(`${name} keeps the contract of packer`, () => {
    /** Runs a template, and aborts once a line holds a text. */
    const run = async (
      commands: readonly string[],
      changes: Partial<PackerJob> = {},
      interrupt: { readonly signal: AbortSignal; onLine(line: string): void } = { signal: never, onLine: () => undefined },
    ): Promise<PackerOutcome & { readonly lines: readonly string[]; readonly commandLine: readonly string[] }> => {
      const place = await make();
      try {
        await place.write('image.pkr.hcl', templateOf(...commands));
        await place.write('more.pkrvars.hcl', 'more = "from-the-file"\n');
        const found = await place.packer.find();
        if (!found.ok) throw new Error(found.failure.message);
        const job = { ...jobOf(found.value), ...changes };
        const lines: string[] = [];
        const outcome = await place.packer.run(
          job,
          (some) => {
            lines.push(...some);
            for (const line of some) interrupt.onLine(line);
            return undefined;
          },
          interrupt.signal,
        );
        return { ...outcome, lines, commandLine: place.packer.commandLine(job) };
      } finally {
        await place.remove();
      }
    };
    /** Whether a line that the script printed came through: with the text at its end, not where packer shows the script. */
    const printed = (lines: readonly string[], text: string) => lines.filter((line) => line.endsWith(text));

    it('finds an executable by its whole path, with its version', async () => {
      const place = await make();
      const found = await place.packer.find();
      await place.remove();
      expect(found).toMatchObject({ ok: true, value: { version: expect.stringMatching(/^\d+\.\d+\.\d+/) } });
      if (!found.ok) return;
      expect(path.isAbsolute(found.value.file)).toBe(true);
      expect(execFileSync(found.value.file, ['version'], { encoding: 'utf8' })).toContain(found.value.version);
    });

    it('gives every line in order, raw and without its newline, and how packer ended', async () => {
      const { lines, exitCode, signal } = await run(['for n in 1 2 3; do echo "line $n"; done', `printf '\\033[31mred\\n'`]);
      expect({ exitCode, signal }).toEqual({ exitCode: 0, signal: null });
      expect(['line 1', 'line 2', 'line 3', '\u001b[31mred'].map((text) => printed(lines, text).length)).toEqual([1, 1, 1, 1]);
      const places = ['line 1', 'line 2', 'line 3'].map((text) => lines.findIndex((line) => line.endsWith(text)));
      expect(places.toSorted((a, b) => a - b)).toEqual(places);
      expect(lines.filter((line) => /[\r\n]/.test(line))).toEqual([]);
      expect(lines.at(-1)).toContain('Did not export anything');
    });

    it('tells that packer failed, and that nothing was recorded', async () => {
      expect(await run(['echo before', 'exit 7'])).toMatchObject({ exitCode: 1, signal: null, recorded: [] });
    });

    it('gives packer the variables of the job and its files, and none from the surroundings', async () => {
      const { lines, commandLine } = await run(['echo "word ${var.word}; more ${var.more};"'], { varFiles: ['more.pkrvars.hcl'] });
      expect(printed(lines, 'word none; more from-the-file;')).toHaveLength(1);
      expect(commandLine.join(' ')).toContain('more.pkrvars.hcl');
      const again = await run(['echo "word ${var.word}; more ${var.more};"'], { variables: { word: 'asked' } });
      expect(printed(again.lines, 'word asked; more none;')).toHaveLength(1);
      expect(again.commandLine).toContain('word=asked');
    });

    it('runs the builds of the template that the job names, and no others', async () => {
      const named = await run(['echo it-ran'], { only: ['null.image', 'null.other'] });
      expect(printed(named.lines, 'it-ran')).toHaveLength(1);
      expect(named.commandLine).toContain('-only=null.image,null.other');
      const left = await run(['echo it-ran'], { except: ['null.image'] });
      expect(printed(left.lines, 'it-ran')).toEqual([]);
      expect(left.commandLine).toContain('-except=null.image');
    });

    it('takes names out of the environment of packer, and leaves the others', async () => {
      const { lines } = await run(['echo "hidden $${HIDDEN_NAME:-gone}; seen $${SEEN_NAME:-gone};"'], {
        hiddenEnvironment: ['HIDDEN_NAME'],
      });
      expect(printed(lines, 'hidden gone; seen seen-value;')).toHaveLength(1);
    });

    it('gives packer the secrets, and no process has one among its arguments', async () => {
      const secret = 'quote" backslash\\ é very-secret';
      const { lines, commandLine } = await run(['echo sum-${sha256(var.token)}', 'ps -eww -o args | sed s/^/process-/'], {
        secrets: { token: secret },
      });
      expect(printed(lines, `sum-${createHash('sha256').update(secret).digest('hex')}`)).toHaveLength(1);
      expect(commandLine.join(' ')).not.toContain('very-secret');
      const processes = lines.filter((line) => line.includes('process-'));
      expect(processes.length).toBeGreaterThan(3);
      expect(processes.filter((line) => line.includes('very-secret'))).toEqual([]);
    });

    it('tells the artifacts that this run recorded, and not those of the runs before, also where it records none', async () => {
      const place = await make();
      try {
        await place.write('image.pkr.hcl', templateOf('true'));
        const found = await place.packer.find();
        if (!found.ok) throw new Error(found.failure.message);
        const job = jobOf(found.value);
        for (let n = 0; n < 2; n += 1) {
          const { recorded } = await place.packer.run(job, () => undefined, never);
          expect(recorded.map(({ id, type }) => ({ id, type }))).toEqual([{ id: 'Null', type: 'null' }]);
        }
        await place.write('image.pkr.hcl', templateOf('exit 7'));
        expect(await place.packer.run(job, () => undefined, never)).toMatchObject({ exitCode: 1, recorded: [] });
      } finally {
        await place.remove();
      }
    });

    it('lets packer clean up and say so when it is interrupted, and waits for it', async () => {
      const controller = new AbortController();
      const { lines, exitCode, recorded } = await run(
        ['echo under-way', 'sleep 60'],
        {},
        {
          signal: controller.signal,
          onLine: (line) => {
            if (line.endsWith('under-way')) controller.abort('stop');
          },
        },
      );
      expect({ exitCode, recorded }).toEqual({ exitCode: 1, recorded: [] });
      expect(lines.filter((line) => line.includes('Cleanly cancelled builds'))).toHaveLength(1);
    });

    it('that was interrupted before it begins does no work', async () => {
      const outcome = await run(['echo under-way', 'sleep 60'], {}, { signal: AbortSignal.abort('stop'), onLine: () => undefined });
      expect(outcome.exitCode).not.toBe(0);
      expect(printed(outcome.lines, 'under-way')).toEqual([]);
    });
  });
}
