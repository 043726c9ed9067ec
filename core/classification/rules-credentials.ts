import { anyOf, httpStatus } from './http-status.ts';
import { type RuleRow } from './rules-row.ts';

/** What services call the secrets that they are given. */
const secret =
  /\b(?:(?:(?:API|[Aa]pi|[Aa]ccess|[Aa]uth\w{0,12}|[Bb]earer|[Ss]ession|O[Aa]uth2?|[Rr]efresh|[Cc]lient|[Ss]ecurity|[Ii]dentity|[Ss]ecret)[ _-]?){1,2}(?:[Tt]oken|[Kk]ey(?: ID)?|[Ss]ecret)|[Aa]pikey|[Cc]lient[ _-]?[Ii][Dd]|[Tt]oken|(?:\w{1,20} )?[Cc]redentials?|[Uu]ser ?name(?: or |\/| and )password)/
    .source;

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
      httpStatus('401', '[Uu]nauthorized|[Aa]uth\\w{1,20}|[Pp]ermission|[Ii]nvalid|[Nn]o such user|[Nn]o ticket'),
      new RegExp(
        String.raw`\b(?:[Ii]nvalid|[Ee]xpired|[Rr]evoked|[Ii]ncorrect|[Bb]ad) ${secret}(?! ?(?:name|pair|length|format|type|file|['"]?(?:[{}(),]|;(?! \w))))\b`,
      ),
      new RegExp(String.raw`${secret}\b[^\n.:;]{0,40}? (?:not valid|invalid|expired|revoked|rejected|does not exist)\b`),
      /[Mm]issing (?:TFA|2FA|MFA|OTP)\b|\b(?:TFA|2FA|MFA|OTP|[Tt]wo-factor|[Mm]ulti-factor|[Ss]econd factor)\b[^\n]{0,40} (?:is )?(?:required|missing|needed)\b|[Ww]rong password|[Ii]ncorrect (?:username or )?password|\b[Uu]nable to log ?in: |[Ii]nvalid [Ll]ogin\b|[Ii]nvalid_client|^[Ll]ogin failed\b/,
      /[Aa]uthentication failed\b|[Aa]uthentication (?:to|with|against|at) [^\n]{1,60} failed|(?:[Ff]ailed|[Uu]nable) to authenticate (?:you|to|with|against)\b(?![^\n]{0,300}(?:time(?:d ?)?out|EOF\b|refused|reset by|no such host|5\d\d|unavailable))|[Aa]uthentication (?:is )?required|\b(?:[Uu]nauthenticated|NotAuthenticated)\b|\(unauthorized\)/,
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
      /\bhttps?:\/\/[^"\s]{1,300}": Forbidden\b|\bForbidden\.\w|\b(?:[Rr]equest|[Aa]ccess|[Aa]ction|[Oo]peration)(?: is| was)? forbidden\b|\b[Nn]ot [Aa]uthorized\b|errors\.Unauthorized\b|\bNotAuthorizedOrNotFound\b|AccessForbidden\b|[Aa]uthorization failed/,
      /[Pp]ermission denied\b[^\n/\\]{0,80}\b(?:403|role|project|policy|IAM)\b|[Mm]issing (?:the )?permissions?\b|\blacks? (?:the )?permissions?\b|\brequires? (?:one of )?the following permissions?\b|[Yy]ou (?:do not|don't) have (?:the )?permissions?\b|(?:do|does) not have (?:the )?(?:required |necessary )?permission|(?:do|does) not have access to (?:service account|project)\b/,
      /\b[Aa]ccess to (?:the )?(?:requested )?(?:resource|project|account|subscription|bucket|image|registry|repository|API)\b[^\n]{0,80} (?:denied|forbidden)\b|\b(?:[Uu]ser|[Aa]ccount|[Pp]rincipal|[Ii]dentity|[Rr]ole|[Tt]oken) (?:\S{1,100} )?is not (?:allowed|permitted|entitled) to\b(?! execute)/,
      /[Ii]nsufficient (?:authentication scopes?|privileges to complete|scopes?\b)|insufficient_scope|\baccess_denied\b|[Yy]ou are not allowed to\b|insufficientPermissions|scaleway-sdk-go: (?:insufficient permissions|access denied)|\bconstraints\/[\w.]{1,100}[^\n]{0,120}violat|(?:blocked|denied|forbidden|rejected) by (?:\w{1,30} ){0,3}polic(?:y|ies)\b/,
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
      /\b[Nn]o (?:valid )?(?:[\w-]{1,20} )?(?:credentials|authentication)(?: were| was| are| is)? (?:found|provided|configured|available|set)\b|\b[Mm]issing (?:credentials|(?:API|[Aa]pi|[Aa]ccess|[Aa]uth\w{0,12})[ _-](?:key|token))\b|(?:credentials|API token|access token) (?:not found|(?:is|are) (?:missing|not set|not configured))|did not find a proper configuration|169\.254\.169\.254[^\n]{0,300}(?:timeout|timed out|deadline exceeded|unreachable|refused|no route to host|\b40[0-4]\b)/,
    reason: 'no credentials reached packer',
    hint: 'Give the build a role or a secret. An address 169.254.169.254 in the message means that packer asked the metadata service of a cloud that this machine is not in.',
    evidence: 'metadata services of AWS, Azure, Google and Yandex; plugin texts',
  },
];
