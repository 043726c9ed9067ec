import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';

import { Result } from '../../core/result.ts';
import { publishedSchemaFaults } from './published-schema.ts';
import { type Ended, type Rig, fileTemplate, rig } from '../fixtures/rig.ts';

function repository(script: string, template = fileTemplate('out/image.txt', '${path.root}/run.sh')): Promise<Rig> {
  return rig({
    'hybridcore.yaml': 'version: 1\nbuilders:\n  base: { template: base, retry: { delay: 1s } }\n',
    'base/base.pkr.hcl': template,
    'base/run.sh': `#!/bin/sh\nset -eu\n${script}\n`,
  });
}

/** An EC2 API that authorises nothing, in the words of the real one (EC2 API reference, "Error codes"). */
async function deniesEverything(): Promise<{ url: string; calls: () => number }> {
  let calls = 0;
  const server = createServer((request, response) => {
    calls += 1;
    request.resume();
    response.writeHead(403, { 'content-type': 'text/xml' });
    response.end(
      '<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation.</Message></Error></Errors><RequestID>00000000-0000-0000-0000-000000000000</RequestID></Response>',
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has a port');
  return { url: `http://127.0.0.1:${address.port}`, calls: () => calls };
}

async function checked(ended: Ended): Promise<Result> {
  const document = ended.json();
  expect(await publishedSchemaFaults('result', document)).toEqual([]);
  const result = Result.parse(document);
  expect(ended.code).toBe(result.exit_code);
  return result;
}

describe('hybridcore-packer build --json, with real packer', () => {
  it('0: succeeds, seals a manifest and writes the summary', async () => {
    const images = await repository('echo installing');
    const result = await checked(await images.run('build', 'base', '--json'));
    expect(result).toMatchObject({
      exit_code: 0,
      state: 'succeeded',
      attempt: 1,
      retryable: false,
      stderr: '',
      classification: { rule: 'SUCCESS' },
    });
    expect(result.artifacts).toMatchObject([{ id: 'File', type: 'file', name: 'file.image', files: ['out/image.txt'] }]);
    expect(result.manifest_path).toBe(`artifacts/base/${result.build_id}.hash.json`);

    const sealed = await images.read(result.manifest_path ?? '');
    expect(await images.read('artifacts/base.hash.json')).toBe(sealed);
    expect(JSON.parse(sealed)).toMatchObject({
      schema: 'hybridcore-packer/hash-manifest/1',
      builder: 'base',
      sequence: 1,
      previous: null,
      fingerprint: result.fingerprint,
    });
    const summary = await images.read(result.summary_path ?? '');
    expect(await images.read('state/packer/logs/base.json')).toBe(summary);
    expect(JSON.parse(summary)).toMatchObject({
      exit_code: 0,
      manifest: { path: result.manifest_path },
      scrub_manifest_path: result.scrub_manifest_path,
      retention: { class: 'standard', days: 365 },
    });
    expect(await images.json(result.scrub_manifest_path ?? '')).toMatchObject({
      schema: 'hybridcore-packer/scrub-manifest/1',
      build_id: result.build_id,
    });
  });

  it('1: a config error is not retried, and leaves a summary but no manifest', async () => {
    const images = await repository(
      'echo',
      'source "file" "image" {\n  contents = "x"\n  target = "out/x"\n}\nbuild {\n  sources = ["source.file.image"]\n}\n',
    );
    const result = await checked(await images.run('build', 'base', '--json'));
    expect(result).toMatchObject({ exit_code: 1, state: 'failed', attempt: 1, retryable: false, manifest_path: null, artifacts: [] });
    expect(result.stderr).toContain('An argument named "contents" is not expected here');
    expect(result.classification.evidence.join('\n')).toContain('contents');
    expect(await images.json('state/packer/logs/base.json')).toMatchObject({ exit_code: 1, manifest: null });
    await expect(images.read('artifacts/base.hash.json')).rejects.toThrow(/ENOENT/);
  });

  it('2: a transient failure is retried once, then escalated, and the operators are told', async () => {
    const images = await repository(
      'echo run >> runs\necho "E: Failed to fetch http://mirror.example/x.deb  503  Service Unavailable" >&2\nexit 100',
    );
    const ended = await images.run('build', 'base', '--json');
    const result = await checked(ended);
    expect(result).toMatchObject({ exit_code: 2, state: 'escalated', attempt: 2, retryable: false, manifest_path: null });
    expect((await images.read('runs')).trim().split('\n')).toHaveLength(2);
    expect(ended.stderr).toContain('base failed twice');
    expect(await images.read('state/packer/notices.jsonl')).toContain(`"key":"${result.build_id}:escalated"`);
    const summary = await images.json('state/packer/logs/base.json');
    expect(summary).toMatchObject({
      exit_code: 2,
      attempts: [
        { attempt: 1, verdict: { exit_code: 2 } },
        { attempt: 2, verdict: { exit_code: 2 } },
      ],
    });
  });

  it('2, healed: the one retry succeeds, and its manifest says attempt 2', async () => {
    const images = await repository(
      'if [ ! -e marker ]; then touch marker; echo "curl: (7) Failed to connect: Connection refused" >&2; exit 7; fi',
    );
    const result = await checked(await images.run('build', 'base', '--json'));
    expect(result).toMatchObject({ exit_code: 0, state: 'succeeded', attempt: 2 });
    expect(await images.json('artifacts/base.hash.json')).toMatchObject({ attempt: 2, sequence: 1 });
  });

  it("2, by a rule of the user's own: it decides in the build", async () => {
    const images = await repository('echo mirror.example.com: locked for maintenance >&2; exit 4');
    expect(await checked(await images.run('build', 'base', '--json'))).toMatchObject({ exit_code: 1, attempt: 1 });
    const rule = {
      code: 'MIRROR_LOCKED',
      class: 2,
      reads: 'output',
      pattern: 'mirror\\.example\\.com: locked for maintenance',
      reason: 'the package mirror is locked while it is synchronised',
      hint: 'Wait until the mirror has been synchronised.',
    };
    await images.write(
      'hybridcore.yaml',
      JSON.stringify({ version: 1, rules: [rule], builders: { base: { template: 'base', retry: { delay: '1s' } } } }),
    );
    const escalated = await checked(await images.run('build', 'base', '--json'));
    expect(escalated).toMatchObject({
      exit_code: 2,
      state: 'escalated',
      attempt: 2,
      classification: { rule: 'MIRROR_LOCKED', hint: expect.stringContaining(rule.hint) as string },
    });
  });

  it('3: a secret among the inputs stops the build before packer, and quarantines the builder until a person releases it', async () => {
    const images = await repository(
      'touch packer-ran\ncat <<K\n-----BEGIN RSA PRIVATE KEY-----\nMADEUPMADEUPMADEUPMADEUPMADEUPMADEUPMADEUPMADEUPMADEUPMADEUPMADE\n-----END RSA PRIVATE KEY-----\nK',
    );
    const result = await checked(await images.run('build', 'base', '--json'));
    expect(result).toMatchObject({
      exit_code: 3,
      state: 'quarantined',
      attempt: 1,
      manifest_path: null,
      classification: { rule: 'INPUT_SECRET' },
    });
    expect(result.classification.evidence[0]).toMatch(/^base\/run\.sh:5 /);
    await expect(images.read('packer-ran')).rejects.toThrow(/ENOENT/);

    const refused = await checked(await images.run('build', 'base', '--json'));
    expect(refused).toMatchObject({
      exit_code: 3,
      build_id: null,
      attempt: 0,
      state: null,
      classification: { rule: 'BUILDER_QUARANTINED' },
    });
    expect(refused.classification.reason).toContain(result.build_id);

    await images.write('base/run.sh', '#!/bin/sh\ntrue\n');
    expect((await images.run('quarantine', 'release', 'base', '--reason', 'it was made up')).code).toBe(0);
    expect((await checked(await images.run('build', 'base', '--json'))).state).toBe('succeeded');
  });

  it("3: an API that denies packer's calls is a violation, not a failure to retry", async () => {
    const ec2 = await deniesEverything();
    const images = await repository(
      'true',
      `variable "endpoint" {
  type = string
}

source "amazon-ebs" "image" {
  region                      = "us-east-1"
  custom_endpoint_ec2         = var.endpoint
  skip_region_validation      = true
  skip_credential_validation  = true
  skip_metadata_api_check     = true
  source_ami                  = "ami-0123456789abcdef0"
  instance_type               = "t3.micro"
  communicator                = "none"
  ami_name                    = "denied"
}

build {
  sources = ["source.amazon-ebs.image"]
}
`,
    );
    await images.write(
      'hybridcore.yaml',
      'version: 1\nbuilders:\n  base: { template: base, variables: [endpoint], retry: { delay: 1s } }\n',
    );
    const started = images.start(['build', 'base', '--var', `endpoint=${ec2.url}`, '--json'], {
      environment: { AWS_ACCESS_KEY_ID: 'unused', AWS_SECRET_ACCESS_KEY: 'unused', AWS_EC2_METADATA_DISABLED: 'true' },
    });
    const result = await checked(await started.ended);
    expect(ec2.calls()).toBeGreaterThan(0);
    expect(result).toMatchObject({
      exit_code: 3,
      state: 'quarantined',
      attempt: 1,
      manifest_path: null,
      classification: { rule: 'AWS_UNAUTHORIZED' },
    });
    expect(result.command).toContain('packer build -machine-readable');
    expect(result.stderr).toContain('UnauthorizedOperation');
  });
});
