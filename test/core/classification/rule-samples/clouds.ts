import { type Samples } from './samples.ts';

/** The rows about the other clouds and hypervisors. */
export const cloudsSamples: Samples = {
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
  AZ_5XX: {
    taken: 'ERROR: -> InternalServerError : An unexpected error occured while processing the request.',
    left: 'ERROR: -> InternalLoadBalancerMissing : no',
  },
  AZ_PROVISION_TIMEOUT: {
    taken: "ERROR: -> OSProvisioningTimedOut : OS Provisioning for VM 'pkrvm' did not finish in the allotted time.",
    left: 'ERROR: -> OSProvisioningClientError : sysprep',
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
  GCP_API_DISABLED: {
    taken: 'googleapi: Error 403: Compute Engine API has not been used in project 1 before or it is disabled., accessNotConfigured',
    left: "googleapi: Error 403: Required 'compute.zones.get' permission, forbidden",
  },
  GCP_RETRY: { taken: 'googleapi: Error 503: The service is currently unavailable., backendError', left: 'googleapi: Error 404: gone' },
  GCP_LOOKUP: {
    taken: "googleapi: Error 404: The resource 'projects/p/zones/z' was not found, notFound",
    left: 'googleapi: Error 409: The resource exists',
  },
  GCP_ORG_POLICY: {
    taken: 'googleapi: Error 412: Constraint constraints/compute.vmExternalIpAccess violated for project p.',
    left: 'googleapi: Error 412: condition not met',
  },
  GCP_FORBIDDEN: {
    taken: "googleapi: Error 403: Required 'compute.zones.get' permission for 'projects/x', forbidden",
    left: 'googleapi: Error 403: billing is off',
  },
  GCP_NO_CREDS: { taken: 'google: could not find default credentials.', left: 'default credentials found' },
  GCP_WAIT: {
    taken: 'Error creating instance: time out while waiting for instance to create',
    left: 'time out while waiting for a friend',
  },
  VSPHERE_LOGIN: {
    taken: 'ServerFaultCode: Cannot complete login due to an incorrect user name or password.',
    left: 'Cannot complete login',
  },
  VSPHERE_DENIED: {
    taken: 'ServerFaultCode: Permission to perform this operation was denied.',
    left: 'ServerFaultCode: A specified parameter was not correct',
  },
  VSPHERE_RESOURCE: { taken: 'timeout waiting for IP address', left: 'waiting for IP address' },
  VSPHERE_BUSY: { taken: 'The host does not have sufficient memory resources to satisfy the reservation.', left: 'The host has memory' },
  VSPHERE_CONFIG: {
    taken: 'error creating vm: A specified parameter was not correct: configSpec.guestId',
    left: 'error creating vm: a parameter',
  },
  VSPHERE_LOOKUP: { taken: "error finding folder: folder 'templates' not found", left: "folder 'templates' found" },
  VBOX_UNSTEADY: {
    taken: 'Error exporting virtual machine: VBoxManage error: 0%...10%...20%...\nProgress object failure: NS_ERROR_ABORT',
    left: 'Error exporting virtual machine: VBoxManage error: no machine of that name',
  },
  PROXMOX_CONFIG: {
    taken: "Error creating VM: error creating VM: 500 storage 'local-lvm2' does not exist",
    left: 'Error creating VM: stopped',
  },
  PROXMOX_PROXY: {
    taken: 'Error starting VM: 595 Errors during connection establishment, proxy handshake',
    left: 'Error starting VM: 595 of them',
  },
  PROXMOX_LOCK: { taken: "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout", left: 'VM is unlocked' },
  CLOUD_CAPACITY: { taken: 'error during placement (resource_unavailable)', left: 'error during placement' },
  CLOUD_LIMIT: { taken: 'server limit reached (resource_limit_exceeded)', left: 'server limit is near' },
  VAULT_DENIED: {
    taken: 'Error making API request.\n\nURL: GET https://vault:8200/v1/secret/x\nCode: 403. Errors:\n\n* permission denied',
    left: 'Error making API request.\n\nURL: GET https://vault:8200/v1/secret/x\nCode: 404. Errors:',
  },
  REGISTRY_RATE: { taken: 'toomanyrequests: You have reached your pull rate limit.', left: 'too many requests in the log file name' },
  REGISTRY_AUTH: { taken: 'denied: requested access to the resource is denied', left: 'requested access to the resource was granted' },
  REGISTRY_IMAGE: {
    taken: "pull access denied for acme/base, repository does not exist or may require 'docker login'",
    left: 'manifest is known',
  },
  AZ_TERMS: {
    taken: 'Code="ResourcePurchaseValidationFailed" Message="User failed validation to purchase resources."',
    left: 'the legal terms were printed',
  },
};
