import { type RuleRow } from './rules-row.ts';

/** Azure, by the codes of its Resource Manager. */
export const azureRules: readonly RuleRow[] = [
  {
    code: 'AZ_THROTTLED',
    class: 2,
    reads: 'error',
    pattern:
      /ResourceRequestsThrottled|SubscriptionRequestsThrottled|ERROR CODE: TooManyRequests|Status(?:Code)?=429\b|Code="TooManyRequests"/,
    reason: 'Azure throttles the subscription',
    hint: 'The retry waits. If it fails too, spread the schedules.',
    evidence: 'Azure/alzlib#168; Azure/azqr#34',
  },
  {
    code: 'AZ_CAPACITY',
    class: 2,
    reads: 'error',
    pattern: /(?:Zonal|Overconstrained)?(?:Zonal)?Allocation(?:Failed|Request)\b|Allocation failed\./,
    reason: 'Azure has no capacity for the machine size now',
    hint: 'If the retry fails too, use another size, zone or region.',
    evidence: 'Azure/azure-cli#2401; jenkins-infra/helpdesk#3584',
  },
  {
    code: 'AZ_SKU',
    class: 1,
    reads: 'error',
    pattern: /SkuNotAvailable|is currently not available in location/,
    reason: 'the machine size is not offered to this subscription in this location',
    hint: 'List the sizes with `az vm list-skus --location` and choose one without a restriction.',
    evidence: 'hashicorp/packer#10648; Azure/pcs-cli#147',
  },
  {
    code: 'AZ_QUOTA',
    class: 1,
    reads: 'error',
    pattern: /exceeding approved [\w ]{1,80} quota|exceeding quota limits|\bQuotaExceeded\b|CountLimitReached\b/,
    reason: 'the core quota of the subscription does not hold this build',
    hint: 'Raise the quota, use a smaller size, or build when the subscription runs less.',
    evidence: 'cloud-barista/cb-spider#1558; Azure/azure-powershell#1925',
  },
  {
    code: 'AZ_5XX',
    class: 2,
    reads: 'error',
    pattern:
      /\b(?:InternalServerError|InternalExecutionError|NetworkingInternalOperationError|OperationPreempted|RetryableError|AnotherOperationInProgress|ConflictingConcurrentWriteNotAllowed|GatewayTimeout)\b/,
    reason: 'Azure had a fault of its own, or another operation held the resource',
    hint: 'If the retry fails too, look at the status page of Azure.',
    evidence: 'Azure Resource Manager common deployment errors',
  },
  {
    code: 'AZ_PROVISION_TIMEOUT',
    class: 2,
    reads: 'error',
    pattern: /\bOSProvisioningTimedOut\b/,
    reason: 'the guest did not report to Azure in time',
    hint: 'If the retry fails too, see whether the source image was generalised and has the agent.',
    evidence: 'Azure virtual machines, allocation and provisioning failures',
  },
  {
    code: 'AZ_POLICY',
    class: 3,
    reads: 'error',
    pattern: /RequestDisallowedByPolicy|disallowed by policy/,
    reason: 'an Azure policy forbids what the template asks for',
    hint: 'The message names the policy: ask its owners, or change the template to comply.',
    evidence: 'Azure Resource Manager common deployment errors',
  },
  {
    code: 'AZ_AUTH',
    class: 3,
    reads: 'error',
    pattern: /AADSTS\d{5,}|AuthorizationFailed|InvalidAuthenticationToken/,
    reason: 'Azure refuses the client secret, the tenant or the role',
    hint: 'Check whether the client secret has expired and which role the service principal has on the resource group.',
    evidence: 'AADSTS7000215 text; Azure Resource Manager common deployment errors',
  },
  {
    code: 'AZ_NO_CREDS',
    class: 3,
    reads: 'error',
    pattern:
      /VM metadata service for Managed Identity|[Nn]o Authorizer could be configured|ManagedIdentityCredential authentication (?:failed|unavailable)|adal: Refresh request failed|DefaultAzureCredential: |run 'az login'|\bSubscriptionNotFound\b/,
    reason: 'no Azure credentials reached packer, and the machine has no managed identity',
    hint: 'Set client id, secret, tenant and subscription, or run the build where a managed identity is.',
    evidence: 'packer-plugin-azure builder/azure/common/client/config.go',
  },
  {
    code: 'AZ_LOOKUP',
    class: 1,
    reads: 'error',
    pattern:
      /\b(?:PlatformImageNotFound|ImageNotFound|ResourceGroupNotFound|MarketplacePurchaseEligibilityFailed|InvalidResourceReference|ResourceNotFound|InvalidTemplateDeployment|InvalidRequestFormat|InvalidApiVersionParameter)\b|Shared Gallery Image [^\n]{0,200} does not exist/,
    reason: 'Azure does not have the image or the group that the template names',
    hint: 'Correct publisher, offer, SKU, version or resource group in the template.',
    evidence: 'Azure Resource Manager common deployment errors',
  },
];
