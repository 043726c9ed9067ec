import { anyOf, httpStatus } from './http-status.ts';
import { type RuleRow } from './rules-row.ts';

/** Errors that name credentials in no cloud's own words. */
export const credentialRules: readonly RuleRow[] = [
  {
    code: 'PROXY_AUTH',
    class: 3,
    reads: 'error',
    pattern: /Proxy Authentication Required/,
    reason: 'the proxy on the way out refuses the build',
    hint: 'Give the build the credentials of the proxy, or let it pass for the addresses that it needs; then release the builder.',
    evidence: 'HTTP status 407',
  },
  {
    code: 'CREDENTIALS_REFUSED',
    class: 3,
    reads: 'error',
    pattern: anyOf(
      httpStatus('401', '[Uu]nauthorized|[Aa]uthentication|[Pp]ermission|[Ii]nvalid|[Nn]o such user|[Nn]o ticket'),
      /[Ww]rong password|\b[Bb]ad credentials\b|\b[Uu]nable to log ?in: |[Ii]nvalid api ?key|\b[Tt]oken (?:is|has) (?:been )?(?:expired|invalid|revoked)\b/,
      /[Ii]nvalid (?:credentials|username or password|user ?name or password|API (?:key|token))|[Ii]ncorrect (?:username or )?password|[Aa]uthentication failed\b|[Ii]nvalid (?:[Ll]ogin|[Tt]oken|client credentials)\b|[Ii]nvalid_client|[Uu]nable to authenticate you\b|[Aa]uthentication (?:is )?required|\(unauthorized\)|invalid (?:api|API) token/,
    ),
    reason: 'a service refuses the credentials that packer was given',
    hint: 'Renew the secret that the builder names, and check what it may do; then release the builder.',
    evidence: 'HTTP status 401; Proxmox VE, HashiCorp Vault and data source plugins',
  },
  {
    code: 'ACCESS_REFUSED',
    class: 3,
    reads: 'error',
    pattern: anyOf(
      httpStatus('403', '[Ff]orbidden|[Pp]ermission|[Aa]ccess'),
      /\bhttps?:\/\/[^"\s]{1,300}": Forbidden\b|\bForbidden\.\w|\b[Nn]ot [Aa]uthorized\b|errors\.Unauthorized\b|\bNotAuthorizedOrNotFound\b|[Pp]ermission denied\b[^\n]{0,80}\b403\b/,
      /[Mm]issing (?:the )?permissions?\b|\blacks? (?:the )?permissions?\b|\brequires? (?:one of )?the following permissions?\b|AccessForbidden\b|\bconstraints\/[\w.]{1,100}[^\n]{0,120}violat|[Yy]ou (?:do not|don't) have (?:the )?permissions?\b|[Aa]uthorization failed|(?:do|does) not have (?:the )?(?:required |necessary )?permission|(?:do|does) not have access to (?:service account|project)\b|[Ii]nsufficient (?:authentication scopes|privileges to complete)|insufficientPermissions|scaleway-sdk-go: insufficient permissions/,
    ),
    reason: 'a service refuses what packer asks for',
    hint: 'Check what the credentials of the builder may do; then release the builder.',
    evidence: 'HTTP status 403; Oracle, Alibaba and Google IAP texts',
  },
  {
    code: 'ACCOUNT_CLOSED',
    class: 3,
    reads: 'error',
    pattern:
      /\b(?:AWS|[Bb]illing|[Pp]roject|[Cc]loud|[Yy]our) account (?:\S{1,80} |for the owning project )?(?:is|has been|was) (?:suspended|disabled|closed|deactivated)\b|\b[Ss]ubscription (?:\S{1,80} )?(?:is|has been|was) (?:suspended|disabled)\b/,
    reason: 'the account that packer works in is closed, or locked',
    hint: 'Ask who owns the account, or look at its billing, before you release the builder.',
    evidence: 'Google, Azure and DigitalOcean texts',
  },
  {
    code: 'CREDENTIALS_MISSING',
    class: 3,
    reads: 'error',
    pattern:
      /\b[Nn]o (?:valid )?(?:[\w-]{1,20} )?(?:credentials|authentication)(?: were| was| are| is)? (?:found|provided|configured|available|set)\b|\b[Mm]issing credentials\b|(?:credentials|API token|access token) (?:not found|(?:is|are) (?:missing|not set|not configured))|did not find a proper configuration|169\.254\.169\.254[^\n]{0,300}(?:timeout|timed out|deadline exceeded|unreachable|refused|no route to host|\b40[0-4]\b)/,
    reason: 'no credentials reached packer',
    hint: 'Give the build a role or a secret. An address 169.254.169.254 in the message means that packer asked the metadata service of a cloud that this machine is not in.',
    evidence: 'metadata services of AWS, Azure, Google and Yandex; plugin texts',
  },
];
