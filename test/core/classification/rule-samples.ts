/** For each row of the table a text that it takes, and a near miss that it leaves. */
export const samples: Readonly<Record<string, { readonly taken: string; readonly left: string }>> = {
  CB_QUOTA_ZERO: {
    taken: 'Cannot have more than 0 builds in queue for the account',
    left: 'Cannot have more than 10 builds in queue for the account',
  },
  CB_QUOTA: {
    taken: 'AccountLimitExceededException: Cannot have more than 1 builds in queue for the account',
    left: 'Cannot have more than that',
  },
  CB_BUILDSPEC: {
    taken: "YAML_FILE_ERROR: did not find expected ',' or ']' at line 19",
    left: 'CLIENT_ERROR: no matching artifact paths found',
  },
  CB_SERVICE_ROLE: {
    taken: 'ACCESS_DENIED: Service role arn:x does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams',
    left: 'ACCESS_DENIED: the door is shut',
  },
  CB_IMAGE_PULL: {
    taken: "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE: Unable to pull customer's container image.",
    left: 'the image was pulled',
  },
  CB_INFRA: { taken: 'QUEUED: INSUFFICIENT_SUBNET', left: 'Build container found alive' },
  CB_TIMEOUT: { taken: 'BUILD_TIMED_OUT: Build has timed out.', left: 'BUILD_ENDED' },
  PLUGIN_CHECKSUM: {
    taken:
      'Checksums (*sha256.digest) did not match.\nExpected: aa\nGot     : bb\n. Is the checksum file correct ? Is the binary file correct ?',
    left: 'Checksums matched!',
  },
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
  AWS_UNAUTHORIZED: {
    taken:
      'Error querying AMI: UnauthorizedOperation: You are not authorized to perform this operation.\n\tstatus code: 403, request id: 43',
    left: 'the operation unauthorized_users is not there',
  },
  AWS_ACCESS_DENIED: {
    taken: 'AccessDeniedException: User: arn:aws:sts::1:assumed-role/x is not authorized to perform: ssm:GetParameters',
    left: 'AccessDeniedPage.html was uploaded, the next step failed',
  },
  AWS_CREDS_EXPIRED: { taken: 'RequestExpired: Request has expired.', left: 'the lease has expired' },
  AWS_AUTH_FAILURE: {
    taken: 'Error querying AMI: AuthFailure: AWS was not able to validate the provided access credentials',
    left: 'the auth failed over',
  },
  AWS_BAD_KEY: { taken: 'InvalidClientTokenId: The security token included in the request is invalid.', left: 'InvalidClient' },
  AWS_SSO_EXPIRED: {
    taken: 'The SSO session associated with this profile has expired or is otherwise invalid.',
    left: 'SSO session opened',
  },
  AWS_NO_CREDS: {
    taken: 'No valid credential sources found for AWS Builder. Please see',
    left: 'Found credentials of the profile default',
  },
  AWS_ACCOUNT_BLOCKED: {
    taken: 'Error launching source instance: Blocked: account is currently blocked',
    left: 'this account is not blocked',
  },
  AWS_ACCOUNT_PENDING: {
    taken: 'PendingVerification: Your request for accessing resources in this region is being validated',
    left: 'Verification is complete',
  },
  AWS_OPT_IN: {
    taken:
      'Error launching source instance: OptInRequired: In order to use this AWS Marketplace product you need to accept terms and subscribe.',
    left: 'OptIn is done',
  },
  AWS_CAPACITY: {
    taken:
      'operation error EC2: RunInstances, exceeded maximum number of attempts, 10, https response error StatusCode: 500, api error InsufficientInstanceCapacity: We currently do not have sufficient i8g.xlarge capacity in the Availability Zone you requested (us-east-1c).',
    left: 'InsufficientInstanceType: no',
  },
  AWS_CAPACITY_OTHER: { taken: 'api error UnfulfillableCapacity: Unable to fulfill capacity', left: 'InsufficientDataHealthCheck' },
  AWS_SPOT_QUOTA: { taken: 'MaxSpotInstanceCountExceeded: Max spot instance count exceeded', left: 'MaxSpotPrice was set' },
  AWS_SPOT_PRICE: {
    taken: 'SpotMaxPriceTooLow: Your Spot request price of 0.01 is lower than the minimum required',
    left: 'Spot request price is fine',
  },
  AWS_SPOT_RECLAIM: { taken: 'Server.SpotInstanceTermination: Spot instance termination', left: 'Server.SpotInstanceLaunch' },
  AWS_SUBNET_FULL: {
    taken: 'InsufficientFreeAddressesInSubnet: There are not enough free addresses in subnet',
    left: 'InsufficientRouteInSubnet',
  },
  AWS_VCPU_QUOTA: {
    taken: 'VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of 16 allows',
    left: 'You have requested vCPU options',
  },
  AWS_TYPE_AZ: {
    taken:
      'api error Unsupported: Your requested instance type (t3.micro) is not supported in your requested Availability Zone (us-east-1e).',
    left: 'not supported in your requested tenancy',
  },
  AWS_UNSUPPORTED: {
    taken: 'Unsupported: The requested configuration is currently not supported.',
    left: 'Unsupported: The requested colour',
  },
  AWS_SNAPSHOT_CONCURRENCY: {
    taken: 'ResourceLimitExceeded: Too many snapshot copies in progress. The limit is 5 for this destination region.',
    left: 'Too many tags in progress',
  },
  AWS_RESOURCE_QUOTA: {
    taken:
      'Error modify AMI attributes: ResourceLimitExceeded: You have reached your quota of 5 for the number of public images allowed in this Region.',
    left: 'quota of five for images',
  },
  AWS_THROTTLED: {
    taken: "Build 'amazon-ebs' errored: RequestLimitExceeded: Request limit exceeded.\n\tstatus code: 503, request id: 3158b371",
    left: 'Request limit is 5',
  },
  AWS_THROTTLED_OTHER: { taken: 'ThrottlingException: Rate exceeded', left: 'throttle valve closed' },
  AWS_WAIT_TIMEOUT: {
    taken: 'Error waiting for AMI: exceeded max wait time for ImageAvailable waiter',
    left: 'exceeded wait of the operator',
  },
  AWS_WAIT_FAILED: {
    taken: 'Error waiting for AMI: failed with ResourceNotReady error, which can have a variety of causes.',
    left: 'waiter state transitioned to Success',
  },
  AWS_AMI_EVENTUAL: {
    taken: "Error retrieving details for AMI (ami-ec5c67f1): InvalidAMIID.NotFound: The image id '[ami-ec5c67f1]' does not exist",
    left: 'Error querying AMI: InvalidAMIID.NotFound: The image id does not exist',
  },
  AWS_AMI_MISSING: { taken: "InvalidAMIID.NotFound: The image id '[ami-26fc345b]' does not exist", left: 'InvalidAMIName.Malformed' },
  AWS_ID_EVENTUAL: { taken: "The instance ID 'i-b68be9bb' does not exist (InvalidInstanceID.NotFound)", left: 'InvalidVolume.NotFound' },
  AWS_PROFILE_EVENTUAL: {
    taken: 'InvalidParameterValue: Value (packer-626b) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name',
    left: 'invalid IAM role name',
  },
  AWS_SETUP_TIMEOUT: { taken: 'Timed out waiting for security group sg-1: x', left: 'Timed out waiting for a bus' },
  AWS_SSM_NOT_CONNECTED: { taken: 'TargetNotConnected: i-1 is not connected.', left: 'the target is connected' },
  AWS_AMI_NAME: { taken: "Error: AMI Name: 'x' is used by an existing AMI: ami-1", left: "AMI Name: 'web-1' is new" },
  AWS_LOOKUP: { taken: 'No AMI was found matching filters: {}', left: 'No AMI was made' },
  AWS_PARAM: { taken: 'InvalidParameterCombination: The parameter x', left: 'InvalidParameter of the guest' },
  AWS_5XX: { taken: 'Error launching source instance: 500 Internal Server Error', left: 'StatusCode: 200, RequestID: 500' },
  AZ_THROTTLED: {
    taken: 'RESPONSE 429: 429 Too Many Requests\nERROR CODE: ResourceRequestsThrottled',
    left: 'ResourceRequests were answered',
  },
  AZ_CAPACITY: {
    taken: '"code": "AllocationFailed", "message": "Allocation failed. Please try reducing the VM size',
    left: 'Allocation of ids succeeded',
  },
  AZ_SKU: {
    taken: "The requested size for resource 'x' is currently not available in location 'eastus' zones ''",
    left: 'is now available in location',
  },
  AZ_QUOTA: {
    taken: 'OperationNotAllowed: Operation could not be completed as it results in exceeding approved Total Regional Cores quota.',
    left: 'within approved cores quota',
  },
  AZ_POLICY: { taken: "RequestDisallowedByPolicy: Resource 'pkrvm' was disallowed by policy.", left: 'RequestAllowedByPolicy' },
  AZ_AUTH: { taken: 'AADSTS7000215: Invalid client secret is provided.', left: 'AADSTS7' },
  AZ_NO_CREDS: {
    taken: 'ManagedIdentityCredential authentication unavailable, no identity is assigned here',
    left: 'VM metadata service answered',
  },
  AZ_LOOKUP: { taken: 'Code="PlatformImageNotFound" Message="The platform image is not available."', left: 'PlatformImageNotFoundation' },
  GCP_CAPACITY: {
    taken: "ZONE_RESOURCE_POOL_EXHAUSTED: The zone 'x' does not have enough resources available to fulfill the request.",
    left: 'ZONE_RESOURCE_POOL_READY',
  },
  GCP_QUOTA: { taken: "Quota 'CPUS' exceeded.  Limit: 8.0 in region us-east1.", left: "Quota 'CPUS' is fine" },
  GCP_FORBIDDEN: {
    taken: "googleapi: Error 403: Required 'compute.zones.get' permission for 'projects/x', forbidden",
    left: 'googleapi: Error 403: billing is off',
  },
  GCP_NO_CREDS: { taken: 'google: could not find default credentials.', left: 'default credentials found' },
  GCP_RETRY: { taken: 'googleapi: Error 503: The service is currently unavailable., backendError', left: 'googleapi: Error 404: gone' },
  GCP_WAIT: {
    taken: 'Error creating instance: time out while waiting for instance to create',
    left: 'time out while waiting for a friend',
  },
  SDK_RETRIES_SPENT: { taken: 'operation error EC2: DescribeImages, exceeded maximum number of attempts, 10, x', left: 'StatusCode: 4291' },
  VSPHERE_LOGIN: {
    taken: 'ServerFaultCode: Cannot complete login due to an incorrect user name or password.',
    left: 'Cannot complete login',
  },
  VSPHERE_DENIED: {
    taken: 'ServerFaultCode: Permission to perform this operation was denied.',
    left: 'ServerFaultCode: A specified parameter was not correct',
  },
  VSPHERE_RESOURCE: { taken: 'timeout waiting for IP address', left: 'waiting for IP address' },
  VSPHERE_LOOKUP: { taken: "error finding folder: folder 'templates' not found", left: "folder 'templates' found" },
  PROXMOX_LOCK: { taken: "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout", left: 'VM is unlocked' },
  REGISTRY_RATE: { taken: 'toomanyrequests: You have reached your pull rate limit.', left: 'too many requests in the log file name' },
  REGISTRY_AUTH: { taken: 'denied: requested access to the resource is denied', left: 'requested access to the resource was granted' },
  REGISTRY_IMAGE: {
    taken: "pull access denied for acme/base, repository does not exist or may require 'docker login'",
    left: 'manifest is known',
  },
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
  TPL_VARIABLE: { taken: 'Error: Unset variable "must"', left: 'Unset the variable' },
  TPL_SYNTAX: { taken: 'Error: Missing item separator\n\n  on s.pkr.hcl line 5', left: 'Error: Missing plates' },
  TPL_INVALID: { taken: '* either instance_type or spot_instance_types must be specified', left: 'No builds have run' },
  CLI_USAGE: { taken: 'flag provided but not defined: -nosuchflag', left: 'flag provided and defined' },
  OUTPUT_EXISTS: { taken: "Output directory 'output-vm' already exists. It must not exist.", left: 'Output directory was removed' },
  DOCKER_DAEMON: { taken: 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.', left: 'Connected to the Docker daemon' },
  PACKER_PANIC: { taken: 'panic: runtime error: invalid memory address or nil pointer dereference', left: 'do not panic: it is fine' },
  PACKER_CRASH: { taken: 'unexpected EOF', left: 'cat: x: unexpected EOF in a here-document' },
  GUEST_SHUTDOWN: { taken: 'Timeout while waiting for machine to shut down.', left: 'waiting for machine to shut down' },
  HYPERVISOR_CONNECT: {
    taken: 'Error stopping VM: VMware error: Error: Cannot connect to the virtual machine',
    left: 'VMware error: Error: The file is in use',
  },
  SSH_AUTH: { taken: 'Packer experienced an authentication error when trying to connect via SSH.', left: 'ssh: authenticated' },
  WINRM_AUTH: { taken: 'http response error: 401 - invalid content type', left: 'http response error: 500 - invalid content type' },
  COMM_TIMEOUT: { taken: 'Timeout waiting for SSH.', left: 'Timeout waiting for a bus' },
  SSH_HANDSHAKE: { taken: 'ssh: handshake failed: EOF', left: 'ssh: handshake done' },
  SSH_DISCONNECT: {
    taken: 'Script disconnected unexpectedly. If you expected your script to disconnect, i.e. from a restart, you can try adding',
    left: 'Script disconnected as expected',
  },
  SSH_UPLOAD: { taken: 'Error uploading script: Error copying input data into local temporary file.', left: 'Uploading script' },
  PROV_TIMEOUT: { taken: 'Timeout waiting for machine to restart.', left: 'waiting for machine to restart' },
  DOWNLOAD_5XX: { taken: 'error downloading ISO: [bad response code: 503]', left: 'bad response code: 302' },
  DOWNLOAD_4XX: { taken: 'error downloading ISO: [bad response code: 404]', left: 'bad response code: 500' },
  DOWNLOAD_CUT: { taken: 'error downloading ISO: [unexpected EOF]', left: 'error downloading ISO: [expected EOF]' },
  FILE_MISSING: { taken: 'open scripts/base.sh: no such file or directory', left: 'open sesame: permission denied' },
  SCRIPT_SIGNATURE: { taken: 'W: GPG error: NO_PUBKEY A4E9', left: 'gpg: the key is listed, its trust was never set' },
  SCRIPT_TLS: {
    taken: 'curl: (60) SSL certificate problem: certificate has expired',
    left: 'curl: (61) Unrecognized content encoding type',
  },
  SCRIPT_DENIED: {
    taken: 'An error occurred (AccessDenied) when calling the GetObject operation: Access Denied',
    left: 'a policy of the host denied the start of a service',
  },
  APT_MIRROR: {
    taken: 'E: Failed to fetch http://ppa.launchpad.net/x.deb  Hash Sum mismatch',
    left: 'E: Failed to fetch http://x/x.deb  404  Not Found',
  },
  APT_LOCK: {
    taken: 'E: Could not get lock /var/lib/dpkg/lock-frontend - open (11: Resource temporarily unavailable)',
    left: 'Could not get lock /tmp/mine',
  },
  DNF_MIRROR: {
    taken: "Error: Failed to download metadata for repo 'epel': Cannot prepare internal mirrorlist: Status code: 503",
    left: 'Curl error (22): The requested URL returned error',
  },
  DNF_LOCK: { taken: 'Existing lock /var/run/yum.pid: another copy is running as pid 41.', left: 'yum lock released' },
  PKG_NOT_FOUND: { taken: 'E: Unable to locate package ngnix', left: 'Package nginx is already the newest version' },
  PKG_INDEX: { taken: 'npm ERR! code ECONNRESET', left: 'npm ERR! code ELIFECYCLE' },
  FETCH_FAILED: { taken: 'curl: (22) The requested URL returned error: 503', left: 'curl: (22) The requested URL returned error: 404' },
  ANSIBLE_UNREACHABLE: {
    taken: 'fatal: [default]: UNREACHABLE! => {"changed": false}',
    left: 'default : ok=3 changed=1 unreachable=0 failed=1',
  },
  SCRIPT_ERROR: { taken: '/tmp/script_1.sh: line 3: nginx-ctl: command not found', left: 'the command was found' },
  NET_TIMEOUT: { taken: 'Post "https://iam.amazonaws.com/": net/http: TLS handshake timeout', left: 'timeout = 30' },
  DNS_TEMP: { taken: "Temporary failure resolving 'archive.ubuntu.com'", left: 'server behaving' },
  DNS_NXDOMAIN: { taken: 'dial tcp: lookup ec2.xn--useast1-oe0de.amazonaws.com: no such host', left: 'such a host' },
  NET_RESET: { taken: 'read tcp 10.0.0.1:22: read: connection reset by peer', left: 'the pipe is fine' },
  DISK_FULL: { taken: 'write /tmp/x: no space left on device', left: 'space left on device: 4 GB' },
  OOM: {
    taken: 'Script exited with non-zero exit status: 137. Allowed exit codes are: [0]',
    left: 'Script exited with non-zero exit status: 13. Allowed exit codes are: [0]',
  },
  CREDENTIALS_REFUSED: { taken: 'error creating client: 401 Unauthorized', left: 'password accepted' },
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
  AWS_AMI_PENDING: {
    taken: "Error launching source instance: InvalidAMIID.Unavailable: AMI 'ami-1' is pending, and cannot be run",
    left: "InvalidAMIID.Unavailable: The image ID 'ami-1' is no longer available",
  },
  AZ_5XX: {
    taken: 'ERROR: -> InternalServerError : An unexpected error occured while processing the request.',
    left: 'ERROR: -> InternalLoadBalancerMissing : no',
  },
  AZ_PROVISION_TIMEOUT: {
    taken: "ERROR: -> OSProvisioningTimedOut : OS Provisioning for VM 'pkrvm' did not finish in the allotted time.",
    left: 'ERROR: -> OSProvisioningClientError : sysprep',
  },
  GCP_API_DISABLED: {
    taken: 'googleapi: Error 403: Compute Engine API has not been used in project 1 before or it is disabled., accessNotConfigured',
    left: "googleapi: Error 403: Required 'compute.zones.get' permission, forbidden",
  },
  GCP_LOOKUP: {
    taken: "googleapi: Error 404: The resource 'projects/p/zones/z' was not found, notFound",
    left: 'googleapi: Error 409: The resource exists',
  },
  VSPHERE_BUSY: { taken: 'The host does not have sufficient memory resources to satisfy the reservation.', left: 'The host has memory' },
  VSPHERE_CONFIG: {
    taken: 'error creating vm: A specified parameter was not correct: configSpec.guestId',
    left: 'error creating vm: a parameter',
  },
  PROXMOX_CONFIG: {
    taken: "Error creating VM: error creating VM: 500 storage 'local-lvm2' does not exist",
    left: 'Error creating VM: stopped',
  },
  PROXMOX_PROXY: {
    taken: 'Error starting VM: 595 Errors during connection establishment, proxy handshake',
    left: 'Error starting VM: 595 of them',
  },
  CLOUD_CAPACITY: { taken: 'error during placement (resource_unavailable)', left: 'error during placement' },
  CLOUD_LIMIT: { taken: 'server limit reached (resource_limit_exceeded)', left: 'server limit is near' },
  VAULT_DENIED: {
    taken: 'Error making API request.\n\nURL: GET https://vault:8200/v1/secret/x\nCode: 403. Errors:\n\n* permission denied',
    left: 'Error making API request.\n\nURL: GET https://vault:8200/v1/secret/x\nCode: 404. Errors:',
  },
  QEMU_START: { taken: 'Error launching VM: Qemu failed to start. Please run with PACKER_LOG=1 to get more info.', left: 'Qemu started' },
  PORT_TAKEN: { taken: 'Error finding port: no free ports in range', left: 'Error finding part' },
  HYPERVISOR_HOST: {
    taken: 'Error starting VM: VBoxManage error: VBoxManage: error: VT-x is not available (VERR_VMX_NO_VMX)',
    left: 'Error starting VM: VBoxManage was told to stop',
  },
  SCP_MISSING: {
    taken: 'Error uploading script: SCP failed to start. This usually means that SCP is not properly installed',
    left: 'Error uploading script: EOF',
  },
  UPLOAD_DENIED: { taken: 'Upload failed: scp: /etc/motd: Permission denied', left: 'Upload failed: EOF' },
  FETCH_GONE: {
    taken: 'curl: (22) The requested URL returned error: 404 Not Found',
    left: 'curl: (22) The requested URL returned error: 502',
  },
  PKG_CONFLICT: { taken: 'E: Unable to correct problems, you have held broken packages.', left: 'E: Broken pipe' },
  PROXY_AUTH: {
    taken: 'Post "https://ec2.us-east-1.amazonaws.com/": Proxy Authentication Required',
    left: 'Post "https://ec2.us-east-1.amazonaws.com/": Proxy Error',
  },
  CB_SOURCE_AUTH: {
    taken: 'CLIENT_ERROR Message: authentication required for primary source and source version abc',
    left: 'CLIENT_ERROR Message: no matching artifact paths found',
  },
  CB_SOURCE_MISSING: {
    taken: 'CLIENT_ERROR Message: reference not found for primary source and source version refs/heads/x',
    left: 'CLIENT_ERROR Message: reference found',
  },
  GCP_ORG_POLICY: {
    taken: 'googleapi: Error 412: Constraint constraints/compute.vmExternalIpAccess violated for project p.',
    left: 'googleapi: Error 412: condition not met',
  },
};
