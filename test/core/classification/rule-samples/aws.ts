import { type Samples } from './samples.ts';

/** The rows about AWS. */
export const awsSamples: Samples = {
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
  AWS_AMI_PENDING: {
    taken: "Error launching source instance: InvalidAMIID.Unavailable: AMI 'ami-1' is pending, and cannot be run",
    left: "InvalidAMIID.Unavailable: The image ID 'ami-1' is no longer available",
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
  AWS_STATE: {
    taken: "api error IncorrectInstanceState: The instance 'i-1' is not in a state from which it can be stopped.",
    left: 'the state of the instance is incorrect',
  },
};
