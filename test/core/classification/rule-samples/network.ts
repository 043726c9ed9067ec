import { type Samples } from './samples.ts';

/** The rows about the build service, protocols and the network. */
export const networkSamples: Samples = {
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
  CB_SOURCE_AUTH: {
    taken: 'CLIENT_ERROR Message: authentication required for primary source and source version abc',
    left: 'CLIENT_ERROR Message: no matching artifact paths found',
  },
  CB_SOURCE_MISSING: {
    taken: 'CLIENT_ERROR Message: reference not found for primary source and source version refs/heads/x',
    left: 'CLIENT_ERROR Message: reference found',
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
  PROXY_AUTH: {
    taken: 'Post "https://ec2.us-east-1.amazonaws.com/": Proxy Authentication Required',
    left: 'Post "https://ec2.us-east-1.amazonaws.com/": Proxy Error',
  },
  CREDENTIALS_REFUSED: { taken: 'error creating client: 401 Unauthorized', left: 'password accepted' },
  SDK_RETRIES_SPENT: { taken: 'operation error EC2: DescribeImages, exceeded maximum number of attempts, 10, x', left: 'StatusCode: 4291' },
  NET_TIMEOUT: { taken: 'Post "https://iam.amazonaws.com/": net/http: TLS handshake timeout', left: 'timeout = 30' },
  DNS_TEMP: { taken: "Temporary failure resolving 'archive.ubuntu.com'", left: 'server behaving' },
  DNS_NXDOMAIN: { taken: 'dial tcp: lookup ec2.xn--useast1-oe0de.amazonaws.com: no such host', left: 'such a host' },
  NET_RESET: { taken: 'read tcp 10.0.0.1:22: read: connection reset by peer', left: 'the pipe is fine' },
  DISK_FULL: { taken: 'write /tmp/x: no space left on device', left: 'space left on device: 4 GB' },
  OOM: {
    taken: 'Script exited with non-zero exit status: 137. Allowed exit codes are: [0]',
    left: 'Script exited with non-zero exit status: 13. Allowed exit codes are: [0]',
  },
  CREDENTIALS_MISSING: {
    taken: 'Get "http://169.254.169.254/computeMetadata/v1/token": dial tcp 169.254.169.254:80: connect: network is unreachable',
    left: 'Get "http://169.254.169.254/computeMetadata/v1/token" was answered',
  },
  HTTP_429: {
    taken: 'error creating server: HTTP 429 Too Many Requests',
    left: 'error creating server: HTTP 422 Unprocessable Entity',
  },
  GRPC_DENIED: { taken: 'rpc error: code = PermissionDenied desc = Permission denied', left: 'rpc error: code = NotFound desc = no image' },
  GRPC_QUOTA: {
    taken: 'rpc error: code = ResourceExhausted desc = Quota limit vpc.networks.count exceeded',
    left: 'rpc error: code = ResourceExhausted desc = too many calls',
  },
  GRPC_RETRY: {
    taken: 'rpc error: code = DeadlineExceeded desc = the call took too long',
    left: 'rpc error: code = InvalidArgument desc = the name is wrong',
  },
  ACCESS_REFUSED: { taken: 'could not list images: unexpected status code: 403', left: 'the status of image 403 is active' },
  HTTP_5XX: { taken: 'error uploading the box: bad HTTP status: 503', left: 'error uploading the box: bad HTTP status: 404' },
  RETRY_ASKED: {
    taken: 'Unexpected error while the image was made, please try again later.',
    left: 'Correct the name of the image and try again later.',
  },
  RESOURCE_BUSY: {
    taken: "VBoxManage: error: The machine 'packer-x' is already locked for a session (or being unlocked)",
    left: 'the lock of the machine was released',
  },
  ACCOUNT_CLOSED: {
    taken: 'The billing account for the owning project is disabled in state absent',
    left: 'the account of the machine is the default one',
  },
  CLEANUP_RACE: {
    taken: 'remove output-vmware/startMenu.plist: no such file or directory',
    left: 'open output-vmware/startMenu.plist: no such file or directory',
  },
  WAIT_TIMEOUT: { taken: "Timeout while waiting to for droplet to become 'active'", left: 'waiting, with a timeout of five minutes' },
};
