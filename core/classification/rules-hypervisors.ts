import { type RuleRow } from './rules-row.ts';

/** vSphere, Proxmox and VirtualBox. */
export const hypervisorRules: readonly RuleRow[] = [
  {
    code: 'VSPHERE_LOGIN',
    class: 3,
    reads: 'error',
    pattern: /Cannot complete login due to an incorrect user name or password|\bInvalidLogin\b/,
    reason: 'vSphere refuses the user name or the password',
    hint: 'Check whether the password has expired or the account is locked.',
    evidence: 'rancher/os#2840; hashicorp/terraform#16996',
  },
  {
    code: 'VSPHERE_DENIED',
    class: 3,
    reads: 'error',
    pattern: /Permission to perform this operation was denied|\bNoPermission\b/,
    reason: 'the vSphere account lacks a privilege',
    hint: 'Grant the privilege on the folder, datastore, network and resource pool that the template names.',
    evidence: 'vSphere API fault NoPermission',
  },
  {
    code: 'VSPHERE_RESOURCE',
    class: 1,
    reads: 'any',
    pattern: /[Tt]im(?:e|ed) ?out waiting for IP\b|contains no available datastores|error finding datastore/,
    reason: 'the guest got no address, or the datastore cannot be used',
    hint: 'Check that the guest tools are installed, that the network has DHCP, and that the datastore is named rightly and mounted.',
    evidence: 'packer-plugin-vsphere common/step_wait_for_ip.go:112; driver/storage_drs.go:89; datastore.go:74',
  },
  {
    code: 'VSPHERE_BUSY',
    class: 2,
    reads: 'error',
    pattern:
      /does not have (?:enough|sufficient) (?:memory|CPU|cpu) resources|[Ii]nsufficient (?:memory|CPU|resources)|since it is locked|Another task is already in progress|session is not authenticated|host is not responding|has a question pending|PBM error occurred[^\n]{0,200}(?:No connection|refused|timed out)|TaskInProgress/,
    reason: 'the cluster has no room, or holds a lock, now',
    hint: 'If the retry fails too, see which machines and tasks hold it, or use another cluster or host.',
    evidence: 'vSphere API faults InsufficientResourcesFault, FileLocked and TaskInProgress',
  },
  {
    code: 'VSPHERE_CONFIG',
    class: 1,
    reads: 'error',
    pattern:
      /A specified parameter was not correct|Invalid configuration for device|No host is compatible with the virtual machine|Insufficient disk space on datastore/,
    reason: 'vSphere rejects the machine as the template words it',
    hint: 'The message names the setting: guest type, device, pool or disk; correct it in the template, or free the datastore.',
    evidence: 'hashicorp/packer#11277, #9899; vSphere API faults InvalidArgument and InvalidDeviceSpec',
  },
  {
    code: 'VSPHERE_LOOKUP',
    class: 1,
    reads: 'error',
    pattern: /\b(?:datacenter|datastore|resource pool|host|network|folder|cluster|vm|virtual machine) '[^'\n]{1,200}' not found/i,
    reason: 'vSphere does not have what the template names',
    hint: 'Correct the name or the path in the template.',
    evidence: 'vmware/govmomi find/error.go:22',
  },
  {
    code: 'VBOX_UNSTEADY',
    class: 2,
    reads: 'error',
    pattern:
      /NS_ERROR_(?:ABORT|CALL_FAILED)|Progress object failure|The object is not ready|VBOX_E_INVALID_OBJECT_STATE|while it is locked/,
    reason: "VirtualBox's service broke off, or was not done with something else",
    hint: 'If the retry fails too, run fewer builds at once on this machine, and see whether VBoxSVC crashes there.',
    evidence: 'VirtualBox XPCOM and COM result codes',
  },
  {
    code: 'PROXMOX_CONFIG',
    class: 1,
    reads: 'error',
    pattern:
      /\b500 (?:storage|no such file|hostname lookup)\b|(?:bridge|volume|storage) '[^'\n]{1,200}' does not exist|config file already exists|start failed: QEMU exited with code/,
    reason: 'Proxmox does not have what the template names, or cannot start it',
    hint: 'Correct the storage, bridge, file, id or address of the API in the template; the task log of Proxmox says more.',
    evidence: 'hashicorp/packer-plugin-proxmox#320; Proxmox VE API texts',
  },
  {
    code: 'PROXMOX_PROXY',
    class: 2,
    reads: 'error',
    pattern: /\b59[5-9] (?:Errors during connection|[Bb]roken pipe|[Cc]onnection|[Nn]o route)/,
    reason: 'a node of the Proxmox cluster did not answer',
    hint: 'If the retry fails too, look at the node that the template names.',
    evidence: 'Proxmox VE AnyEvent::HTTP pseudo status codes',
  },
  {
    code: 'PROXMOX_LOCK',
    class: 2,
    reads: 'error',
    pattern: /can't lock file '[^'\n]{1,200}' - got timeout|\bgot timeout$|\b500 got timeout|VM is locked \(|got no worker upid/,
    reason: 'Proxmox is busy: another task holds the machine, or no worker could start',
    hint: 'If the retry fails too, see which task holds the lock.',
    evidence: 'Proxmox VE PVE::Tools lock_file_full',
  },
];
