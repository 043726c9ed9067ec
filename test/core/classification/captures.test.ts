import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { classifyLog } from '../../../core/classification/classify.ts';
import { type ExitCode } from '../../../core/exit-code.ts';

const folder = new URL('../../fixtures/captures/', import.meta.url);

/** What real packer printed (1.6.6, each builder that runs offline; `chaos-*` against an EC2 API made to fail), its verdict, and why. */
const expected: Readonly<Record<string, readonly [ExitCode, rule: string, why: string]>> = {
  'bad-flag-mr.stdout': [1, 'CLI_USAGE', 'packer does not know the option'],
  'build-config-error-mr.stdout': [1, 'TPL_INVALID', 'required settings are missing; nothing was built though the run ends quietly'],
  'fmt-check-mr.stdout': [1, 'UNKNOWN', 'no build at all: exit code 3 of fmt is not our 3'],
  'inspect-json-mr.stdout': [1, 'NO_EVIDENCE', 'exit code 0, but nothing was built'],
  'inspect-mr.stdout': [1, 'NO_EVIDENCE', 'exit code 0, but nothing was built'],
  'manifest-race-1.stdout': [0, 'SUCCESS', 'twenty null builds ended with their artifacts'],
  'manifest-race-2.stdout': [0, 'SUCCESS', 'the output lists what the record lost'],
  'manifest-race-3.stdout': [0, 'SUCCESS', 'twenty null builds ended with their artifacts'],
  'manifest-race-4.stdout': [0, 'SUCCESS', 'twenty null builds ended with their artifacts'],
  'missing-var-mr.stdout': [1, 'TPL_VARIABLE', 'a variable without a value'],
  'missing-var-validate-mr.stdout': [1, 'TPL_VARIABLE', 'the same from packer validate'],
  'no-such-file.stdout': [1, 'TPL_SYNTAX', 'there is no such template'],
  'only-nothing-mr.stdout': [1, 'NO_EVIDENCE', '-only matched nothing: exit code 0 without an artifact'],
  'partial-failure-mr.stdout': [1, 'SCRIPT_EXIT', 'one of two targets failed, so the run did'],
  'partial-failure-parallel1-mr.stdout': [1, 'SCRIPT_EXIT', 'the same one after another'],
  'postprocessor-fail-mr.stdout': [1, 'POST_PROCESSOR', 'the image was made, the post-processor failed'],
  'script-fail-human.stdout': [1, 'SCRIPT_EXIT', 'a script exits with 42 and says nothing of use'],
  'script-fail-json-cleanup-mr.stdout': [1, 'SCRIPT_EXIT', 'the cleanup provisioner ran well, which heals nothing'],
  'script-fail-json-cleanup-onerror-rcp-mr.stdout': [1, 'SCRIPT_EXIT', 'the same with -on-error=run-cleanup-provisioner'],
  'script-fail-mr.stdout': [1, 'SCRIPT_EXIT', 'a script exits with 42'],
  'script-fail-onerror-abort-mr.stdout': [1, 'SCRIPT_EXIT', 'the same with -on-error=abort'],
  'script-fail-onerror-ask-mr.stdout': [1, 'SCRIPT_EXIT', 'the same with -on-error=ask'],
  'script-fail-onerror-rcp-mr.stdout': [1, 'SCRIPT_EXIT', 'the same with -on-error=run-cleanup-provisioner'],
  'sensitive-and-escapes-mr.stdout': [1, 'SCRIPT_EXIT', 'a script exits with 3, which is not our 3'],
  'sigint-group-human.stdout': [2, 'INTERRUPTED', 'SIGINT to the group; nothing is wrong with the template'],
  'sigint-group-json-abort-mr.stdout': [2, 'INTERRUPTED', 'the failed step follows from the signal'],
  'sigint-group-json-cleanup-mr.stdout': [2, 'INTERRUPTED', 'SIGINT to the group'],
  'sigint-group-mr.stdout': [2, 'INTERRUPTED', 'one target had finished, the run has not'],
  'sigint-parent-only-mr.stdout': [0, 'SUCCESS', 'the parent ignores SIGINT, so the build went on to its end'],
  'sigint-twice-mr.stdout': [2, 'INTERRUPTED', 'a second SIGINT adds nothing'],
  'sigkill-child-mr.stdout': [2, 'INTERRUPTED', 'exit code 0 although the child was killed: the log just stops'],
  'sigkill-parent-mr.stdout': [2, 'INTERRUPTED', 'the parent was killed by a signal'],
  'sigquit-child-mr.stdout': [2, 'INTERRUPTED', 'exit code 2 of the Go runtime: the log just stops'],
  'sigterm-group-mr.stdout': [2, 'INTERRUPTED', 'SIGTERM to the group'],
  'sigterm-parent-mr.stdout': [2, 'INTERRUPTED', 'SIGTERM to the parent, which passes it on'],
  'ssh-timeout-mr.stdout': [2, 'COMM_TIMEOUT', 'nobody answered in time'],
  'success-human.stdout': [0, 'SUCCESS', 'standard error of a step that passed decides nothing'],
  'success-mr.stdout': [0, 'SUCCESS', 'the same machine-readable: ui,error is no failure'],
  'syntax-error-human.stdout': [1, 'TPL_SYNTAX', 'a missing comma in the template'],
  'syntax-error-mr.stdout': [1, 'TPL_SYNTAX', 'the same machine-readable'],
  'timestamp-mr.stdout': [0, 'SUCCESS', 'with -timestamp-ui'],
  'undeclared-var-mr.stdout': [1, 'TPL_VARIABLE', 'a variable that the template does not declare'],
  'unknown-command.stdout': [1, 'CLI_USAGE', 'packer does not know the command'],
  'validate-error-human.stdout': [1, 'TPL_INVALID', 'required settings are missing'],
  'validate-error-mr.stdout': [1, 'TPL_INVALID', 'the same machine-readable'],
  'version-mr.stdout': [1, 'NO_EVIDENCE', 'exit code 0, but nothing was built'],
  'digitalocean-no-token-mr.stdout': [1, 'TPL_INVALID', 'the builder lacks its token: a setting of the template'],
  'docker-no-daemon-mr.stdout': [1, 'DOCKER_DAEMON', 'docker is there, its daemon does not run'],
  'google-no-credentials-mr.stdout': [3, 'GCP_NO_CREDS', 'no credentials of Google at all'],
  'lxd-missing-mr.stdout': [1, 'HOST_TOOL_MISSING', 'lxc is not on the machine that builds'],
  'openstack-refused-mr.stdout': [
    2,
    'TPL_INVALID',
    'packer reads the template, and the identity service that it calls for that refuses the connection',
  ],
  'proxmox-refused-mr.stdout': [2, 'NET_RESET', 'the API refuses the connection'],
  'qemu-missing-mr.stdout': [1, 'HOST_TOOL_MISSING', 'QEMU is not on the machine that builds'],
  'script-not-found-mr.stdout': [1, 'SCRIPT_ERROR', 'the script calls a program that is not there'],
  'script-syntax-mr.stdout': [1, 'SCRIPT_FAULT', 'the script is written wrongly; that a download failed before has its copy'],
  'script-unresolved-mr.stdout': [2, 'FETCH_FAILED', 'the name of a server did not resolve'],
  'virtualbox-missing-mr.stdout': [1, 'HOST_TOOL_MISSING', 'VirtualBox is not on the machine that builds'],
  'vmware-missing-mr.stdout': [1, 'HOST_TOOL_MISSING', 'no product of VMware is on the machine that builds'],
  'vsphere-refused-mr.stdout': [2, 'NET_RESET', 'vCenter refuses the connection'],
  'chaos-capacity-maxretries1.log': [2, 'AWS_CAPACITY', 'no capacity in the zone'],
  'chaos-createimage-internalerror-maxretries1.log': [2, 'AWS_5XX', 'a fault of the EC2 API while the image was made'],
  'chaos-createkeypair-throttle-2x.log': [0, 'SUCCESS', 'packer retried a throttled call and it passed'],
  'chaos-describeimages-internalerror-2x.log': [2, 'AWS_5XX', 'a fault of the EC2 API'],
  'chaos-describeimages-notfound.log': [1, 'AWS_AMI_MISSING', 'the source image is not there: the run has made none of its own'],
  'chaos-describeimages-throttle-once-default.log': [2, 'AWS_THROTTLED', 'packer does not retry this call'],
  'chaos-describeimages-throttle-once.log': [2, 'AWS_THROTTLED', 'packer does not retry this call'],
  'chaos-endpoint-refused.log': [2, 'NET_RESET', 'the API refuses the connection'],
  'chaos-reset-maxretries1.log': [2, 'NET_RESET', 'the API broke the connection off'],
  'chaos-runinstances-capacity.log': [2, 'AWS_CAPACITY', 'no capacity, after ten tries'],
  'chaos-runinstances-throttle-2x.log': [0, 'SUCCESS', 'packer retried a throttled call and it passed'],
  'chaos-runinstances-unauthorized.log': [3, 'AWS_UNAUTHORIZED', 'IAM denies RunInstances'],
  'chaos-runinstances-vcpulimit.log': [1, 'AWS_VCPU_QUOTA', 'a quota of 0 does not grow by waiting'],
  'chaos-throttle-always-default.log': [
    2,
    'AWS_THROTTLED',
    'throttled for ten minutes when the signal came: the error names its own cause',
  ],
  'chaos-throttle-always-maxretries1.log': [2, 'AWS_THROTTLED', 'throttled'],
  'fail-no-credentials.log': [3, 'AWS_NO_CREDS', 'no credentials at all'],
  'fail-provisioner-exit7.log': [1, 'SCRIPT_EXIT', 'a script over SSH exits with 7'],
  'fail-ssh-timeout.log': [2, 'COMM_TIMEOUT', 'the instance did not answer in time'],
  'fail-validate.log': [1, 'TPL_INVALID', 'required settings are missing'],
  'interrupt-TERM.log': [2, 'INTERRUPTED', 'SIGTERM during a script'],
  'success-hcl2-human.log': [0, 'SUCCESS', 'an image was made'],
  'success-hcl2-machine-readable.log': [0, 'SUCCESS', 'an image was made'],
  'success-json-machine-readable.log': [0, 'SUCCESS', 'an image was made'],
  'success-offline-null-file.log': [0, 'SUCCESS', 'the null builder ends with the artifact id Null'],
  'success-ssh-provisioner-machine-readable.log': [0, 'SUCCESS', 'an image was made'],
};

/** Packer's exit code where the capture has it: negative where a signal ended it. */
function endOf(name: string): { packerExitCode: number | null; signal: string | null } {
  const file = new URL(name.replace('.stdout', '.rc'), folder);
  if (!name.endsWith('.stdout') || !existsSync(file)) return { packerExitCode: null, signal: null };
  const code = Number(readFileSync(file, 'utf8'));
  return code < 0 ? { packerExitCode: null, signal: 'SIGKILL' } : { packerExitCode: code, signal: null };
}

describe('the verdict on what packer really printed', () => {
  it('is in this table for every capture', () => {
    const captures = readdirSync(folder).filter((name) => name.endsWith('.stdout') || name.endsWith('.log'));
    expect(captures.sort()).toEqual(Object.keys(expected).sort());
  });

  it.each(Object.entries(expected))('%s is %j', (name, [exitCode, rule]) => {
    const verdict = classifyLog(readFileSync(new URL(name, folder), 'utf8').split('\n'), { ...endOf(name), attempt: 1, recorded: [] });
    expect({ exitCode: verdict.exit_code, rule: verdict.classification.rule }).toEqual({ exitCode, rule });
  });
});
