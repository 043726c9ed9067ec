import { type Samples } from './samples.ts';

/** The rows about packer itself, and of what must not be believed. */
export const packerSamples: Samples = {
  PLUGIN_CHECKSUM: {
    taken:
      'Checksums (*sha256.digest) did not match.\nExpected: aa\nGot     : bb\n. Is the checksum file correct ? Is the binary file correct ?',
    left: 'Checksums matched!',
  },
  SIGNATURE_UNKNOWN: {
    taken: 'error checking the signature of the release: openpgp: signature made by unknown entity',
    left: 'the signature of the function is wrong',
  },
  HOST_KEY: { taken: 'ssh: handshake failed: knownhosts: key mismatch', left: 'the host key of the guest was written to known_hosts' },
  ISO_CHECKSUM: {
    taken: "Error downloading: checksums didn't match expected: ec7500d4",
    left: 'Error downloading: checksums matched, but the disk is read-only',
  },
  REPO_SIGNATURE: {
    taken: "The following signatures couldn't be verified because the public key is not available: NO_PUBKEY A4E9",
    left: 'The signatures were verified, then the disk failed',
  },
  TLS_TRUST: { taken: 'SSL certificate problem: Self signed certificate', left: 'x509: certificate loaded' },
  SCP_DENY: {
    taken: 'is not authorized to perform: codebuild:CreateProject on resource: arn with an explicit deny in a service control policy',
    left: 'no identity-based policy says anything',
  },
  AMI_BLOCK_PUBLIC: {
    taken: "OperationNotPermitted: You can't publicly share this image because block public access for AMIs is enabled",
    left: 'OperationNotPermitted: You cannot do this',
  },
  KMS_KEY: {
    taken:
      'Instance state change details: Client.InternalError: Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state',
    left: 'The KMS key was found',
  },
  KMS_LAUNCH: { taken: 'Client.InternalError: Client error on launch', left: 'Client.UserInitiatedShutdown: User initiated shutdown' },
  KMS_CONFIG: { taken: 'Cannot share AMI encrypted with default KMS key', left: 'Cannot share AMI' },
  PLUGIN_RATE_LIMIT: {
    taken: '* Plugin host rate limited the plugin getter. Try again in 12m59.953283047s.',
    left: 'API rate limit is 5000',
  },
  PLUGIN_RELEASES_HTTP: {
    taken: 'http call failed to releases.hashicorp.com failed',
    left: 'http call to releases.hashicorp.com succeeded',
  },
  PLUGIN_NOT_FOUND: {
    taken: 'no release version found for the github.com/hashicorp/amazon plugin matching the constraint(s): ">= 1.0.0"',
    left: 'no release notes found for this',
  },
  PLUGIN_MISSING: {
    taken:
      'Error: Missing plugins\n\nThe following plugins are required, but not installed:\n\n* x\n\nDid you run packer init for this project ?',
    left: 'packer init has run',
  },
  HOST_TOOL_MISSING: {
    taken: 'Failed creating Qemu driver: exec: "qemu-system-aarch64": executable file not found in $PATH',
    left: 'executable file was found in $PATH',
  },
  QEMU_NO_KVM: { taken: 'qemu-system-x86_64: failed to initialize kvm: Permission denied', left: 'KVM is there' },
  QEMU_START: { taken: 'Error launching VM: Qemu failed to start. Please run with PACKER_LOG=1 to get more info.', left: 'Qemu started' },
  PORT_TAKEN: { taken: 'Error finding port: no free ports in range', left: 'Error finding part' },
  HYPERVISOR_HOST: {
    taken: 'Error starting VM: VBoxManage error: VBoxManage: error: VT-x is not available (VERR_VMX_NO_VMX)',
    left: 'Error starting VM: VBoxManage was told to stop',
  },
  TPL_VARIABLE: { taken: 'Error: Unset variable "must"', left: 'Unset the variable' },
  TPL_SYNTAX: { taken: 'Error: Missing item separator\n\n  on s.pkr.hcl line 5', left: 'Error: Missing plates' },
  TPL_INVALID: { taken: '* either instance_type or spot_instance_types must be specified', left: 'No builds have run' },
  CLI_USAGE: { taken: 'flag provided but not defined: -nosuchflag', left: 'flag provided and defined' },
  OUTPUT_EXISTS: { taken: "Output directory 'output-vm' already exists. It must not exist.", left: 'Output directory was removed' },
  DOCKER_DAEMON: { taken: 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.', left: 'Connected to the Docker daemon' },
  PACKER_PANIC: { taken: 'panic: runtime error: invalid memory address or nil pointer dereference', left: 'do not panic: it is fine' },
  PACKER_CRASH: { taken: 'unexpected EOF', left: 'cat: x: unexpected EOF in a here-document' },
  POST_PROCESSOR: {
    taken: '* Post-processor failed: Script exited with non-zero exit status: 9.Allowed exit codes are: [0]',
    left: 'Post-processor finished',
  },
  SCRIPT_EXIT: { taken: 'Script exited with non-zero exit status: 42.Allowed exit codes are: [0]', left: 'Script exited with status zero' },
  PROVISIONER_EXIT: { taken: 'Error executing Ansible: Non-zero exit status: exit status 4', left: 'Ansible executed' },
  TPL_DIAGNOSTIC: {
    taken: 'Error: Something is wrong here\n\n  on main.pkr.hcl line 7:\n  (source code not available)',
    left: 'Error: Something is wrong here',
  },
};
