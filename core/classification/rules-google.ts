import { type RuleRow } from './rules-row.ts';

/** Google Cloud, by the status and the reason of its API. */
export const googleRules: readonly RuleRow[] = [
  {
    code: 'GCP_CAPACITY',
    class: 2,
    reads: 'error',
    pattern:
      /ZONE_RESOURCE_POOL_EXHAUSTED|does not have enough resources available to fulfill|VM instance is currently unavailable in the|\bresource_availability\b|\bSTOCKOUT\b/,
    reason: 'the zone has no capacity now',
    hint: 'If the retry fails too, use another zone or machine type.',
    evidence: 'googlefonts/fontbakery-dashboard#81; GoogleCloudPlatform/ai-on-gke#849',
  },
  {
    code: 'GCP_QUOTA',
    class: 1,
    reads: 'error',
    pattern: /Quota '[A-Z0-9_]+' exceeded|QUOTA_EXCEEDED|\bquotaExceeded\b|Quota limit '/,
    reason: 'a quota of the project does not hold this build',
    hint: 'Raise the quota, use a smaller machine, or build when the project runs less.',
    evidence: 'hashicorp/terraform-provider-google#20573',
  },
  {
    code: 'GCP_API_DISABLED',
    class: 1,
    reads: 'error',
    pattern: /accessNotConfigured|API has not been used in project/,
    reason: 'an API of Google Cloud is not enabled in the project',
    hint: 'Enable the API that the message names, and build again.',
    evidence: 'Google Cloud API errors, accessNotConfigured',
  },
  {
    code: 'GCP_RETRY',
    class: 2,
    reads: 'error',
    pattern:
      /googleapi: Error (?:429|5\d\d)|\b(?:userR|r)ateLimitExceeded\b|\bresourceNotReady\b|\boperationInProgress\b|Error while connecting \[40(?:03|10|47):|RESOURCE_OPERATION_RATE_EXCEEDED|Internal error\. Please try again or contact Google Support/,
    reason: 'the Google API throttles, or had a fault of its own',
    hint: 'If the retry fails too, look at the status page of the provider.',
    evidence: 'smithy constants.ts:49 for the rule by status',
  },
  {
    code: 'GCP_LOOKUP',
    class: 1,
    reads: 'error',
    pattern: /googleapi: Error 40[04]\b|Could not find image, /,
    reason: 'Google Cloud does not have what the template names',
    hint: 'Correct the image, family, zone, network or machine type in the template.',
    evidence: 'packer-plugin-googlecompute lib/common/driver_gce.go',
  },
  {
    code: 'GCP_ORG_POLICY',
    class: 3,
    reads: 'error',
    pattern: /Constraint constraints\/[^\n]{1,200} violated/,
    reason: 'a policy of the organisation forbids what the template asks for',
    hint: 'The message names the constraint: ask its owners, or change the template to comply.',
    evidence: 'Google Cloud organisation policy, error 412',
  },
  {
    code: 'GCP_FORBIDDEN',
    class: 3,
    reads: 'error',
    pattern: /googleapi: Error 403: [\s\S]*(?:[Pp]ermission|forbidden|accountDisabled|suspended)/,
    reason: 'the service account lacks a role',
    hint: 'The message names the permission: grant it, then release the builder.',
    evidence: 'hashicorp/packer-plugin-googlecompute#137',
  },
  {
    code: 'GCP_NO_CREDS',
    class: 3,
    reads: 'error',
    pattern:
      /googleapi: Error 401\b|could not find default credentials|default\/token" not defined|\binvalid_grant\b|oauth2: cannot fetch token/,
    reason: 'no valid Google credentials reached packer',
    hint: 'Check the key file or the workload identity of the build.',
    evidence: 'golang.org/x/oauth2/google default.go',
  },
  {
    code: 'GCP_WAIT',
    class: 2,
    reads: 'error',
    pattern: /time out while waiting for (?:instance|image|disk)/,
    reason: 'an operation of Google Cloud took longer than packer waits',
    hint: 'If the retry fails too, raise `state_timeout`, and see in the operations of the project whether a permission or a quota is the cause.',
    evidence: 'packer-plugin-googlecompute step_create_instance.go:225, step_create_image.go:87',
  },
];
