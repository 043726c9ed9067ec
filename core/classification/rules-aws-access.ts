import { type RuleRow } from './rules-row.ts';

/** AWS: who may do what. */
export const awsAccessRules: readonly RuleRow[] = [
  {
    code: 'AWS_UNAUTHORIZED',
    class: 3,
    reads: 'error',
    pattern: /UnauthorizedOperation|You are not authorized to perform this operation|[Ee]ncoded authorization failure message/,
    reason: 'IAM denies a call that packer needs',
    hint: 'Decode the message with `aws sts decode-authorization-message`, add the missing permission to the role (or correct the region), then release the builder.',
    evidence: 'packer-plugin-amazon#177, #217; common/errors.go:20,72',
  },
  {
    code: 'AWS_ACCESS_DENIED',
    class: 3,
    reads: 'error',
    pattern:
      /\bAccessDenied(?:Exception|Fault)?\b|\bNotAuthorized(?:Exception)?\b|\bAuthorizationError(?:Exception)?\b|\b(?:Forbidden|Unauthorized)Exception\b|is not authorized to perform: |does not exist or does not have sufficient permissions/,
    reason: 'IAM or a resource policy denies a call',
    hint: 'The message names the user and the action: allow it, or find out why the build asks for it, then release the builder.',
    evidence: 'AWS API error text in CodeBuild logs',
  },
  {
    code: 'AWS_CREDS_EXPIRED',
    class: 2,
    reads: 'error',
    pattern:
      /security token included in the request is expired|ExpiredToken(?:Exception)?\b|TokenRefreshRequired|CredentialsExpired|RequestExpired\b|Request has expired/,
    reason: 'the session of the credentials ended',
    hint: 'A new run gets new credentials. If it ends the same way, the build takes longer than a session: raise the maximum session duration of the role.',
    evidence: 'packer-plugin-amazon docs/README.md:394-430; hashicorp/packer#8063, #7045',
    turns: [
      {
        to: 3,
        when: ({ text }) => /Timestamp date is|Signature (?:expired|not yet current)/.test(text),
        says: 'The request was signed at another time than that of AWS: set the clock of the machine that builds, and see that nobody sends old requests again.',
      },
      {
        to: 3,
        when: ({ text }) =>
          /error validating regions|Error querying AMI|Error creating temporary key ?pair|GetCallerIdentity|Error loading/i.test(text),
        says: 'The first call was refused already: these credentials were expired before the build began, and someone has to renew them.',
      },
    ],
  },
  {
    code: 'AWS_AUTH_FAILURE',
    class: 3,
    reads: 'error',
    pattern: /AuthFailure|AWS was not able to validate the provided access credentials/,
    reason: 'AWS does not accept the credentials',
    hint: 'Check the keys with `aws sts get-caller-identity`; then the clock of the machine (5 minutes off is too much) and whether the region is opted in.',
    evidence: 'hashicorp/packer#10302, #3140, #3043; common/step_pre_validate.go:48',
  },
  {
    code: 'AWS_BAD_KEY',
    class: 3,
    reads: 'error',
    pattern:
      /InvalidClientTokenId|InvalidAccessKeyId|InvalidIdentityToken|IncompleteSignature|SignatureDoesNotMatch|UnrecognizedClientException|InvalidSignatureException|security token included in the request is invalid/,
    reason: 'the access key or its secret is not valid',
    hint: 'Find out whether the key was revoked or mistyped; prefer a role to keys.',
    evidence: 'smithy-typescript constants.ts:9-17',
  },
  {
    code: 'AWS_SSO_EXPIRED',
    class: 3,
    reads: 'error',
    pattern:
      /UnauthorizedSSO|SSO session associated with this profile has expired|Error loading SSO Token|Session token not found or invalid|InvalidGrantException/,
    reason: 'the build uses a single sign-on session of a person, and it has expired',
    hint: 'Log in with `aws sso login`; for unattended builds use a role.',
    evidence: 'botocore exceptions.py:765-770',
  },
  {
    code: 'AWS_NO_CREDS',
    class: 3,
    reads: 'error',
    pattern:
      /[Nn]o valid (?:credential sources|AWS authentication)|NoCredentialProviders|Error loading credentials for AWS Provider|no EC2 IMDS role found|failed to refresh cached credentials|Unable to locate credentials|failed to get shared config profile|SharedConfigProfileNotExist|EC2RoleRequestError|static credentials are empty/,
    reason: 'no AWS credentials reached packer',
    hint: 'Attach a role to the build project, or see in `packer_environment` and the profile why the credentials are not found.',
    evidence: 'packer-plugin-amazon common/access_config.go:268,466; the capture fail-no-credentials',
    turns: [
      {
        to: 2,
        when: ({ text }) => /StatusCode: (?:429|5\d\d)\b|ThrottlingException/.test(text),
        says: 'The service that hands out the credentials had a fault of its own or throttled, which passes.',
      },
    ],
  },
  {
    code: 'AWS_ACCOUNT_BLOCKED',
    class: 3,
    reads: 'error',
    pattern: /account is currently blocked/,
    reason: 'AWS has blocked the account',
    hint: 'Nothing will run until AWS has verified the account: the owners of the account must write to AWS support.',
    evidence: 'EC2 API errors-overview.html, the code Blocked',
  },
  {
    code: 'AWS_ACCOUNT_PENDING',
    class: 1,
    reads: 'error',
    pattern: /PendingVerification/,
    reason: 'AWS is still verifying the account for this region, which takes hours',
    hint: 'Wait for the mail of AWS, or build in another region.',
    evidence: 'EC2 API errors-overview.html',
  },
  {
    code: 'AWS_OPT_IN',
    class: 1,
    reads: 'error',
    pattern: /OptInRequired|accept terms and subscribe/,
    reason: 'the terms of a Marketplace product are not accepted, or the service is not enabled',
    hint: 'Open the link of the message in the account that builds, accept the terms, and build again.',
    evidence: 'hashicorp/packer#2346; packer-plugin-amazon#442',
  },
];
