import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { packerRunReader, readPackerRun } from '../../../core/packer-log/packer-run-reader.ts';
import { mergeArtifacts } from '../../../core/packer-log/packer-run.ts';

function capture(name: string): string {
  return readFileSync(new URL(`../../fixtures/captures/${name}`, import.meta.url), 'utf8');
}

function runOf(name: string) {
  return readPackerRun(capture(name).split('\n'));
}

describe('a run that succeeds', () => {
  it('has each artifact once, though a manifest post-processor lists it twice', () => {
    expect(runOf('success-mr.stdout').artifacts).toEqual(
      [
        { id: 'File', type: 'file', builder_id: 'packer.file', name: 'demo.file.a', files: ['out-a.txt'] },
        { id: 'File', type: 'file', builder_id: 'packer.file', name: 'demo.file.b', files: ['out-b.txt'] },
      ].sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
  });

  it('has the id of the image, and the null builder its Null', () => {
    expect(runOf('success-json-machine-readable.log').artifacts).toEqual([
      { id: 'us-east-1:ami-cabdd838209eb4e34', type: null, builder_id: 'mitchellh.amazonebs', name: 'base', files: [] },
    ]);
    expect(runOf('success-offline-null-file.log').artifacts.map((artifact) => artifact.id)).toEqual(['File', 'Null']);
    expect(runOf('manifest-race-1.stdout').artifacts).toHaveLength(20);
  });

  it('knows the images that it made, its end, and how many artifacts a log for people lists', () => {
    const run = runOf('success-hcl2-human.log');
    expect(run.targets).toMatchObject([{ name: 'amazon-ebs.base', outcome: 'finished', made: ['ami-d0c558330d9392ef3'], errors: [] }]);
    expect(run).toMatchObject({ ended: true, listedArtifacts: 2, cancelled: null, failing: false });
  });

  it('knows the image that it was made from, with the region where its own is in one alone', () => {
    expect(runOf('success-json-machine-readable.log').targets.map(({ base }) => base)).toEqual([['us-east-1:ami-760aaa0f']]);
    const found = [
      '1795378215,,ui,say,==> amazon-ebs.a: Prevalidating AMI Name: a',
      '1795378215,,ui,message,    amazon-ebs.a: Found Image ID: ami-0123456789abcdef0',
    ];
    expect(readPackerRun(found).targets).toMatchObject([{ base: ['ami-0123456789abcdef0'] }]);
    const digest = `sha256:${'0'.repeat(64)}`;
    const docker = readPackerRun([
      '==> docker.a: Creating a temporary directory for sharing data...',
      '==> docker.a: Pulling Docker image: debian:12',
      '    docker.a: 12: Pulling from library/debian',
      `    docker.a: Digest: ${digest}`,
    ]);
    expect(docker.targets).toMatchObject([{ base: [`debian:12@${digest}`] }]);
  });

  it('takes no image for what it was made from that a script may have printed', () => {
    const run = readPackerRun([
      '1795378215,,ui,say,==> amazon-ebs.a: Prevalidating AMI Name: a',
      '1795378215,,ui,say,==> amazon-ebs.a: Provisioning with shell script: x.sh',
      '1795378215,,ui,message,    amazon-ebs.a: Found Image ID: ami-0123456789abcdef0',
    ]);
    expect(run.targets).toMatchObject([{ base: [] }]);
  });

  it('knows the plugins that packer init installed, and takes none from a script', () => {
    const installed = 'Installed plugin github.com/hashicorp/amazon v1.3.9 in "/opt/packer/plugins/github.com/hashicorp/amazon/x"';
    expect(readPackerRun([installed]).plugins).toEqual({ 'github.com/hashicorp/amazon': '1.3.9' });
    expect(readPackerRun(['==> null.a: Provisioning with shell script: x.sh', installed]).plugins).toEqual({});
  });

  it('has no artifact where packer calls it nil', () => {
    expect(readPackerRun(['1795378215,a,artifact,0,nil', '1795378215,a,artifact,0,end']).artifacts).toEqual([]);
  });
});

describe('a run that fails', () => {
  it('keeps the final error of each target once with the number of its first line', () => {
    const run = runOf('partial-failure-mr.stdout');
    const bad = run.targets.find((target) => target.name === 'null.bad');
    expect(bad).toMatchObject({
      outcome: 'errored',
      errors: [{ number: 6, text: 'Script exited with non-zero exit status: 7.Allowed exit codes are: [0]' }],
    });
    expect(run.targets.find((target) => target.name === 'file.good')).toMatchObject({
      outcome: 'finished',
      artifacts: [{ name: 'file.good', files: ['good.txt'] }],
    });
  });

  it('keeps the lines before the failure, and none of the clean-up', () => {
    const [target] = runOf('script-fail-json-cleanup-mr.stdout').targets;
    expect(target?.step.map((line) => line.text.replace(/\d+$/, ''))).toEqual([
      'Running local shell script: /tmp/packer-shell',
      'about to fail',
    ]);
  });

  it('keeps an error over several lines whole, in both formats', () => {
    const [machine] = runOf('chaos-capacity-maxretries1.log').targets;
    expect(machine?.errors.map((line) => line.text.trim())[1]).toBe('status code: 500, request id: ea966190-f9aa-478e-9ede-example');
    const [human] = readPackerRun([
      "Build 'a' errored after 1 second: 1 error(s) occurred:",
      '',
      '* Post-processor failed: RequestLimitExceeded',
      '\tstatus code: 503, request id: x',
      '',
      "==> Some builds didn't complete successfully and had errors:",
      '--> a: 1 error(s) occurred:',
      '',
      '* Post-processor failed: RequestLimitExceeded',
      '\tstatus code: 503, request id: x',
    ]).targets;
    expect(human?.errors.map((line) => `${line.number} ${line.text}`)).toEqual([
      '1 1 error(s) occurred:',
      '3 * Post-processor failed: RequestLimitExceeded',
      '4 status code: 503, request id: x',
    ]);
  });

  it('keeps errors that belong to no target, in both formats', () => {
    expect(runOf('validate-error-mr.stdout').errors.map((line) => line.text.trim())).toEqual(
      runOf('validate-error-human.stdout').errors.map((line) => line.text.trim()),
    );
    expect(runOf('validate-error-mr.stdout').errors[1]?.text).toBe('* target required');
  });

  it('tells the targets that had finished from those that a signal cancelled', () => {
    const run = runOf('sigterm-group-mr.stdout');
    expect(run.cancelled).toEqual({ line: { number: 4, text: 'Cancelling build after receiving terminated' }, signal: 'terminated' });
    expect(run.targets.map((target) => [target.name, target.outcome])).toEqual([
      ['file.quick', 'finished'],
      ['null.x', 'cancelled'],
    ]);
  });

  it('has no end where the log just stops', () => {
    const run = runOf('sigkill-child-mr.stdout');
    expect(run.ended).toBe(false);
    expect(run.targets.map((target) => target.outcome)).toEqual(['finished', 'unknown']);
  });
});

describe('what the reader remembers', () => {
  it('is bounded, whatever the log', () => {
    const reader = packerRunReader();
    const long = 'x'.repeat(20_000);
    for (let at = 0; at < 20_000; at += 1) {
      reader.line(`1795378215,,ui,error,==> a: ${at} ${long.slice(0, at % 50 === 0 ? 20_000 : 10)}`);
      reader.line(`1795378215,,ui,error,Error: of no target ${at}`);
      reader.line(`some text ${at}`);
      if (at % 10 === 0) reader.line(`==> target ${at}: x`);
    }
    const run = reader.end();
    expect(run.lines).toBe(62_000);
    expect(run.targets.length).toBeLessThanOrEqual(500);
    const [target] = run.targets;
    expect(target?.step.length).toBe(60);
    expect(target?.step.at(-1)?.text).toMatch(/^19999 x/);
    expect(target?.errorOutput.length).toBe(60);
    expect(Math.max(...(target?.step.map((line) => line.text.length) ?? []))).toBeLessThanOrEqual(4096);
    expect(run.errors.length).toBeLessThanOrEqual(240);
    expect(run.tail.length).toBe(60);
  });
});

describe('the union of listed and recorded artifacts', () => {
  const listed = [{ id: 'File', type: null, builder_id: 'packer.file', name: 'demo.file.a', files: ['a.txt'] }];

  it('takes the type from the record where the output did not tell', () => {
    expect(mergeArtifacts(listed, [{ id: 'File', type: 'file', builder_id: null, name: 'a', files: ['a.txt'] }])).toEqual([
      { ...listed[0], type: 'file' },
    ]);
  });

  it('adds what only the record has, under the whole name of its target', () => {
    const record = { id: 'ami-1', type: 'amazon-ebs', builder_id: null, name: 'web', files: [] };
    expect(mergeArtifacts(listed, [record], ['demo.file.a', 'demo.amazon-ebs.web'])).toEqual([
      ...listed,
      { ...record, name: 'demo.amazon-ebs.web' },
    ]);
    expect(mergeArtifacts(listed, [record])).toEqual([...listed, record]);
  });

  it('keeps artifacts apart that only look alike', () => {
    const other = { id: 'File', type: 'file', builder_id: null, name: 'b', files: ['b.txt'] };
    const sameTarget = { id: 'File', type: 'file', builder_id: null, name: 'a', files: ['second.txt'] };
    expect(mergeArtifacts(listed, [other, sameTarget])).toHaveLength(3);
  });
});
