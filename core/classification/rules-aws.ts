import { type RuleRow } from './rules-row.ts';

/** A key pair, group, role or profile that packer names itself for one run (amazon plugin, common/step_key_pair.go). */
const temporary = /\.NotFound\b[\s\S]{0,200}\bpacker[_-][0-9a-f]{8}-/;

/** AWS: waiting, ids and parameters. */
export const awsRules: readonly RuleRow[] = [
  {
    code: 'AWS_WAIT_TIMEOUT',
    class: 2,
    reads: 'error',
    pattern: /ResourceNotReady: exceeded wait attempts|exceeded max wait time for \w+ waiter/,
    reason: 'packer stopped waiting for AWS; the image may still complete',
    hint: 'Look for an image that completed later and remove it. If it comes again, raise `aws_polling` in the template.',
    evidence: 'packer-plugin-amazon docs/README.md:396-420; #502',
  },
  {
    code: 'AWS_WAIT_FAILED',
    class: 2,
    reads: 'error',
    pattern:
      /ResourceNotReady: failed waiting for successful resource state|failed with ResourceNotReady error|waiter state transitioned to Failure|Error waiting for AMI\.? Reason:? <nil>|went into (?:an? )?(?:error|failed) state|unexpected state '(?:failed|error|ERROR|shutting-down|terminated|stopped)'/,
    reason: 'an instance, image or snapshot went into a failed state, and AWS did not say why',
    hint: 'If the retry fails too, look at its state reason: an encryption key without a grant, expired credentials and snapshot limits end like this.',
    evidence: 'packer-plugin-amazon common/state.go:484-488, docs/README.md:394-450; hashicorp/packer#7708',
    turns: [
      {
        to: 1,
        when: ({ text, step }) =>
          text.includes('Error waiting for AMI') && step.some((line) => /^Encrypting with KMS Key ID: \S/.test(line)),
        says: 'The copy was to be encrypted with a key that the template names, and AWS made none: correct the id of the key and its region, or what its policy allows.',
      },
    ],
  },
  {
    code: 'AWS_AMI_EVENTUAL',
    class: 2,
    reads: 'error',
    pattern:
      /(?:retrieving details for|adding tags to|tagging|modify|copied|copying|searching for|waiting for)[^\n]{0,300}InvalidAMIID\.NotFound/,
    reason: 'AWS does not see yet the image that this run has just made',
    hint: 'If the retry fails too, look whether something deletes new images.',
    evidence: 'hashicorp/packer#2319, #2033, #3377; common/step_create_tags.go:110',
  },
  {
    code: 'AWS_AMI_PENDING',
    class: 2,
    reads: 'error',
    pattern: /is pending, and cannot be run/,
    reason: 'the source image is still being made',
    hint: 'If the retry fails too, look whether the build that makes the source image failed; build this one after it.',
    evidence: 'hashicorp/packer#12162',
  },
  {
    code: 'AWS_AMI_MISSING',
    class: 1,
    reads: 'error',
    pattern: /InvalidAMIID\.(?:NotFound|Malformed|Unavailable)/,
    reason: 'the source image does not exist in this region, or is not shared with this account',
    hint: 'Correct `source_ami` or its region, or use `source_ami_filter` so that a deregistered image is replaced by its successor.',
    evidence: 'ambrosejcarr/seqc#324; the capture chaos-describeimages-notfound',
    turns: [
      {
        to: 2,
        when: ({ text, made }) => made.some((id) => text.includes(id)),
        says: 'The image is one that this run made itself: AWS does not see it yet. If the retry fails too, look whether something deletes new images.',
      },
    ],
  },
  {
    code: 'AWS_ID_EVENTUAL',
    class: 2,
    reads: 'error',
    pattern: /Invalid(?:InstanceID|Snapshot)\.NotFound/,
    reason: 'AWS does not see yet what this run has just made',
    hint: 'If the retry fails too, look whether something deletes new instances or snapshots.',
    evidence: 'hashicorp/packer#1367; common/step_run_source_instance.go:330,372; step_create_tags.go:110',
  },
  {
    code: 'AWS_STATE',
    class: 2,
    reads: 'error',
    pattern:
      /\b(?:Incorrect\w{0,30}Stat(?:e|us)|ResourceInUse(?:Exception|Fault)?|OperationInProgress(?:Exception)?|Concurrent(?:Modification|Update)\w{0,12}|ResourceNotReadyException)\b/,
    reason: 'a resource was busy, or not yet in the state that the call needs',
    hint: 'If the retry fails too, see what else works on the resource that the message names.',
    evidence: 'EC2 API errors-overview.html, IncorrectState; SDK error codes of IAM, SSM, KMS and S3',
  },
  {
    code: 'AWS_PROFILE_EVENTUAL',
    class: 2,
    reads: 'error',
    pattern: /[Ii]nvalid IAM Instance Profile name|parameter iamInstanceProfile\.\w+ is invalid/,
    reason: 'AWS does not see the instance profile: a new one takes a while',
    hint: 'If the retry fails too, correct `iam_instance_profile`: there is none of that name.',
    evidence: 'common/step_run_source_instance.go:286-291; packer-plugin-amazon#217',
  },
  {
    code: 'AWS_SETUP_TIMEOUT',
    class: 2,
    reads: 'error',
    pattern:
      /Timed out waiting for (?:security group|instance profile|temporary role)|waiting for IAM changes to propagate|received status \d+|failed to get current host's public ip/,
    reason: 'what packer sets up before the instance did not appear in time, or its own address could not be had',
    hint: 'If the retry fails too, name an existing security group and instance profile in the template.',
    evidence: 'common/step_security_group.go:135; step_iam_instance_profile.go:104,146,230; checkip.go:21,37',
  },
  {
    code: 'AWS_SSM_NOT_CONNECTED',
    class: 2,
    reads: 'error',
    pattern: /TargetNotConnected/,
    reason: 'the agent of the Session Manager in the instance did not report in time',
    hint: 'If the retry fails too, check that the image has the agent, the instance profile AmazonSSMManagedInstanceCore, and the subnet a way to SSM.',
    evidence: 'common/ssm/session.go:54 (retried there)',
  },
  {
    code: 'AWS_AMI_NAME',
    class: 1,
    reads: 'error',
    pattern: /is used by an existing AMI|InvalidAMIName\.(?:Duplicate|Malformed)/,
    reason: 'the name of the image is taken, or not allowed',
    hint: 'Look whether an earlier attempt made the image; put a time stamp or the build id into `ami_name`.',
    evidence: 'packer-plugin-amazon common/step_pre_validate.go:128',
  },
  {
    code: 'AWS_LOOKUP',
    class: 1,
    reads: 'error',
    pattern:
      /No AMI was found matching filters|Your query returned more than one result|No Subnets was found matching|Exactly one VPC should match|No default VPC found|valid Subnet Id was not specified|no AZ match the requested machine type|Invalid region\(s\)/,
    reason: 'a filter of the template finds nothing, or more than one thing',
    hint: 'Run the filter by hand with the AWS command line in the same region and account, and correct it.',
    evidence: 'common/ami_filter.go:92,97; step_network_info.go:89,129,213,310; regions.go:53',
  },
  {
    code: 'AWS_PARAM',
    class: 1,
    reads: 'error',
    pattern:
      /Invalid(?:Subnet|SubnetID|VpcID|Group|GroupId|KeyPair|LaunchTemplateId)\.NotFound|InvalidParameter(?:Value|Combination)|MissingParameter|InvalidInput\b|InvalidBlockDeviceMapping|api error (?:Invalid|Malformed|Missing|Unsupported|Unknown|NoSuch|Validation)\w{1,60}|AuthorizationHeaderMalformed|MissingEndpoint/,
    reason: 'AWS rejects the request as the template words it',
    hint: 'The message names the parameter or the id: correct it in the template.',
    evidence: 'EC2 API errors-overview.html; karpenter errors.go:28',
    turns: [
      {
        to: 2,
        when: ({ text }) => temporary.test(text),
        says: 'What AWS does not find is a key pair or group that this run has just made: AWS does not see it yet. If the retry fails too, look whether something deletes new ones.',
      },
    ],
  },
  {
    code: 'AWS_5XX',
    class: 2,
    reads: 'error',
    pattern:
      /StatusCode: 5\d\d\b|status code: 5\d\d\b|50[0234] (?:Internal Server Error|Proxy Error|Bad Gateway|Service Unavailable|Gateway Time-?out)|(?:^|[^.\w])(?:InternalError|InternalFailure|Internal(?:Server|Service)(?:Exception|Fault)|InternalServiceError|ServiceUnavailable(?:Exception)?|RequestTimeout(?:Exception)?|Unavailable)\b|Server\.InternalError|\bCode: UnknownError\b|has failed due to (?:an?|some) (?:unknown|internal) (?:error|exception|failure)/,
    reason: 'the service that packer called had a fault of its own',
    hint: 'If the retry fails too, look at the health dashboard of the provider.',
    evidence: 'smithy constants.ts:49; botocore standard.py:462; hashicorp/packer#1253',
  },
];
