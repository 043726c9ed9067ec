import { type Digest, digestOfJson } from '../digest.ts';

/** A kind of secret that its shape gives away, wherever it stands. */
export interface RedactionRule {
  /** Stands in markers and in the scrub manifest. */
  readonly code: string;
  /** What it finds, in a sentence for the operator. */
  readonly reason: string;
  /** Lower-case texts: every line in which `pattern` matches holds one of them, in whatever case. */
  readonly anchors: readonly string[];
  /** What the text around an anchor that stands in every log looks like where `pattern` may match, in whatever case. */
  readonly hint?: RegExp;
  /** Global and with indices. Its named group that matched is what is replaced, the whole match where there is none. */
  readonly pattern: RegExp;
  /** Whether it is unmistakable enough to stop a build when it stands in an input. */
  readonly inInputs: boolean;
}

/*
 * Every pattern takes time linear in the line: it begins with a literal or has a fixed length before one,
 * and what may repeat without a bound is followed by nothing that can fail. A script can print anything.
 */

/**
 * No letter, digit or `_` stands before, unless it is the end of an escape: `\n` in packer's machine-readable
 * output, or a terminal's colour.
 */
const start = String.raw`(?<!(?<!\\|\x1b\[[0-9;]{0,16})[A-Za-z0-9_])`;

/** What stands between a key and its value: `=`, `:`, `=>`, `>` of XML, or spaces, with quotes that may be escaped. */
const quote = String.raw`\\{0,3}["']?`;
const assigns = String.raw`${quote}\]?(?:\s{0,8}(?:=>|:=|[=:>])\s{0,8}|\s{1,8})${quote}`;

/** What stands for a value that is not there: variables of a shell or template, words that say so. */
const placeholder = String.raw`(?!\$\{|\$[A-Z_]+\b|\$\(|\{\{|<|\*{3}|%\{|\([a-z ]{1,32}\)(?![^\s"',;])|(?:true|false|null|none|nil|yes|no|unset|undefined|required|optional|sensitive|hidden|redacted|string|changed|empty)(?![^\s"',;]))`;

/**
 * A character of a value that nothing quotes. A comma, semicolon or `&` ends it only before a space or the
 * next assignment, so that no tail of a password is left.
 */
const bare = String.raw`(?:[^\s"'&,;<\\]|[,;](?!\s|$|[A-Za-z_][A-Za-z_. -]{0,40}=)|&(?![A-Za-z_][A-Za-z_.-]{0,40}=)|<(?!\/)|\\(?!["'nr]))`;
const quoted = String.raw`(?<=["'])[^"'\\]{4,512}(?=\\{0,3}["'])`;
const mixed = String.raw`(?=[^\s"']{0,64}[0-9!@#$%^*+/])`;

const passwordWord = '(?:password|passwd|passphrase|_pass|sshpass|mysql_pwd)';
const tokenWord = '(?:(?:client|app|shared)[_-]?secret|(?:access|auth|api|refresh|private|join|bootstrap)[_-]?token|api[_-]?key)';

/** In their order: where several take the same text, the first gives its name. */
export const redactionRules: readonly RedactionRule[] = [
  {
    code: 'AWS_KEY_PAIR',
    reason: 'an AWS access key id with its secret key',
    anchors: ['akia', 'asia'],
    pattern: new RegExp(
      String.raw`${start}(?:AKIA|ASIA)[A-Z0-9]{16}[^A-Za-z0-9/+=]{1,8}(?<secret>(?!\S{30,33}EXAMPLE)[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])`,
      'dg',
    ),
    inInputs: true,
  },
  {
    code: 'AWS_ACCESS_KEY_ID',
    reason: 'an AWS access key id',
    anchors: ['akia', 'asia', 'abia', 'acca'],
    pattern: new RegExp(String.raw`${start}(?!AKIAIOSFODNN7EXAMPLE)(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])`, 'dg'),
    inInputs: false,
  },
  {
    code: 'AWS_SECRET_KEY',
    reason: 'an AWS secret access key',
    anchors: ['secret'],
    pattern: new RegExp(
      String.raw`secret[_-]?(?:access[_-]?)?key${assigns}(?<secret>(?!\S{30,33}EXAMPLE)[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])`,
      'dgi',
    ),
    inInputs: true,
  },
  {
    code: 'AWS_SESSION_TOKEN',
    reason: 'an AWS session token',
    anchors: ['token'],
    pattern: new RegExp(String.raw`(?:session|security)[_-]?token${assigns}(?<secret>[A-Za-z0-9/+=%_-]{64,})`, 'dgi'),
    inInputs: true,
  },
  {
    code: 'AWS_SIGNATURE',
    reason: 'the signature of a presigned AWS URL',
    anchors: ['x-amz-signature='],
    pattern: /X-Amz-Signature=(?<secret>[0-9a-f]{64})/dgi,
    inInputs: false,
  },
  {
    code: 'GITHUB_TOKEN',
    reason: 'a GitHub token',
    anchors: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'],
    pattern: new RegExp(String.raw`${start}(?:gh[pousr]_[A-Za-z0-9_]{36,}|github_pat_[A-Za-z0-9_]{22,})`, 'dg'),
    inInputs: true,
  },
  {
    code: 'GITLAB_TOKEN',
    reason: 'a GitLab token',
    anchors: ['glpat-', 'gldt-', 'glrt-', 'glcbt-', 'glptt-', 'glft-', 'glimt-', 'glagent-', 'glsoat-', 'glffct-'],
    pattern: new RegExp(String.raw`${start}gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)-[A-Za-z0-9_-]{20,}(?:\.[0-9a-z]{2,}){0,2}`, 'dg'),
    inInputs: true,
  },
  {
    code: 'SLACK_TOKEN',
    reason: 'a Slack token',
    anchors: ['xox', 'xapp-'],
    pattern: new RegExp(String.raw`${start}(?:xox[abeoprs]|xapp)-[0-9]{1,14}-[A-Za-z0-9-]{10,}`, 'dg'),
    inInputs: true,
  },
  {
    code: 'SLACK_WEBHOOK',
    reason: 'the address of a Slack webhook',
    anchors: ['hooks.slack.com/'],
    pattern: /hooks\.slack\.com\/(?:services|workflows|triggers)\/(?<secret>[A-Za-z0-9/_-]{20,})/dgi,
    inInputs: true,
  },
  {
    code: 'NPM_TOKEN',
    reason: 'an npm token',
    anchors: ['npm_', '_authtoken'],
    pattern: new RegExp(String.raw`${start}npm_[A-Za-z0-9]{36,}|_authToken\s{0,2}=\s{0,2}["']?(?<secret>${placeholder}[^\s"']{8,})`, 'dg'),
    inInputs: true,
  },
  {
    code: 'GOOGLE_API_KEY',
    reason: 'a Google API key or OAuth secret',
    anchors: ['aiza', 'ya29.', 'gocspx-'],
    pattern: new RegExp(
      String.raw`${start}(?:AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,})`,
      'dg',
    ),
    inInputs: true,
  },
  {
    code: 'AZURE_KEY',
    reason: 'an Azure storage or shared access key, or the signature of an Azure URL',
    anchors: ['accountkey=', 'sharedaccesskey=', '?sig=', '&sig='],
    // Azurite's documented development key is no secret.
    pattern: /(?:(?:AccountKey|SharedAccessKey)=(?!Eby8vdM02xNOcqFl)|[?&]sig=)(?<secret>[A-Za-z0-9%/+]{30,}={0,2})/dg,
    inInputs: true,
  },
  {
    code: 'AZURE_CLIENT_SECRET',
    reason: 'a client secret of Microsoft Entra',
    anchors: ['q~'],
    pattern: /[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,}/dg,
    inInputs: true,
  },
  {
    code: 'VAULT_TOKEN',
    reason: 'a HashiCorp Vault token',
    anchors: ['hvs.', 'hvb.', 'hvr.'],
    pattern: new RegExp(String.raw`${start}hv[sbr]\.[A-Za-z0-9_-]{24,}`, 'dg'),
    inInputs: true,
  },
  {
    code: 'TERRAFORM_TOKEN',
    reason: 'a Terraform Cloud or HCP token',
    anchors: ['.atlasv1.'],
    pattern: /[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}/dg,
    inInputs: true,
  },
  {
    code: 'DIGITALOCEAN_TOKEN',
    reason: 'a DigitalOcean token',
    anchors: ['dop_v1_', 'doo_v1_', 'dor_v1_'],
    pattern: new RegExp(String.raw`${start}do[opr]_v1_[0-9a-f]{64}`, 'dg'),
    inInputs: true,
  },
  {
    code: 'REGISTRY_TOKEN',
    reason: 'a Docker Hub or PyPI token',
    anchors: ['dckr_', 'pypi-agei'],
    pattern: new RegExp(String.raw`${start}(?:dckr_[op]at_[A-Za-z0-9_-]{20,}|pypi-AgEI[A-Za-z0-9_-]{50,})`, 'dg'),
    inInputs: true,
  },
  {
    code: 'STRIPE_KEY',
    reason: 'a secret key of Stripe, or of its webhooks',
    anchors: ['sk_live_', 'rk_live_', 'sk_test_', 'rk_test_', 'whsec_'],
    pattern: new RegExp(String.raw`${start}(?:[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{24,}={0,2})`, 'dg'),
    // Secretlint's rule says so there.
    inInputs: false,
  },
  {
    code: 'SERVICE_TOKEN',
    reason: 'a token of SendGrid, OpenAI, Anthropic, Hugging Face, Grafana, Shopify, New Relic, RubyGems or Databricks, or a key of age',
    anchors: ['sg.', 'sk-ant-', 'sk-proj-', 'hf_', 'glsa_', 'shpat_', 'nrak-', 'rubygems_', 'dapi', 'age-secret-key-1'],
    pattern: new RegExp(
      String.raw`${start}(?:SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}|sk-(?:ant|proj)-[A-Za-z0-9_-]{32,}|hf_[A-Za-z]{34}|glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|shpat_[0-9a-fA-F]{32}|NRAK-[A-Z0-9]{27}|rubygems_[0-9a-f]{48}|dapi[0-9a-f]{32}|AGE-SECRET-KEY-1[0-9A-Z]{58})(?![A-Za-z0-9])`,
      'dg',
    ),
    inInputs: true,
  },
  {
    code: 'DOCKER_AUTH',
    reason: 'the credentials of a registry in a configuration of Docker',
    anchors: ['auth"', 'auth\\"'],
    pattern: /\bauth\\{0,3}"\s{0,8}:\s{0,8}\\{0,3}"(?<secret>[A-Za-z0-9+/]{16,}={0,2})\\{0,3}"/dg,
    inInputs: false,
  },
  {
    code: 'COMMAND_PASSWORD',
    reason: 'a password among the words of curl, docker login or sshpass',
    anchors: ['curl ', 'docker login ', 'sshpass '],
    pattern: new RegExp(
      String.raw`\b(?:curl\s[^\r\n|;]{0,256}?\s(?:-u|--user)[ =]["']?[^\s:"']{1,64}:(?<user>${placeholder}${bare}{4,512})|(?:docker login\s[^\r\n|;]{0,256}?\s|sshpass )-p ?["']?(?<secret>${placeholder}${bare}{4,512}))`,
      'dg',
    ),
    inInputs: false,
  },
  {
    code: 'JWT',
    reason: 'a JSON Web Token',
    anchors: ['.ey'],
    pattern: /(?<!(?<!\\|\x1b\[[0-9;]{0,16})[A-Za-z0-9_-])ey[A-Za-z0-9_-]{8,}\.ey[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/dg,
    inInputs: false,
  },
  {
    code: 'AUTHORIZATION',
    reason: 'the credentials of an Authorization header',
    anchors: ['authorization', 'bearer'],
    pattern: new RegExp(
      String.raw`(?:authorization${quote}\s{0,4}[:=]\s{0,4}${quote}(?:bearer|basic|token|apikey|negotiate)\s{1,4}(?<secret>${placeholder}[^\s"'\\,]{6,})|\bbearer\s{1,4}(?<bearer>(?=[A-Za-z._~+/-]{0,64}[0-9])[A-Za-z0-9._~+/-]{20,}={0,2}))`,
      'dgi',
    ),
    inInputs: false,
  },
  {
    code: 'URL_PASSWORD',
    reason: 'a password in a URL',
    anchors: ['@'],
    hint: /:\/\/[^\s/?#"'<>]{1,514}@/,
    // An image that is named by tag and digest is no URL with a password.
    pattern: /:\/\/[^\s/:@?#"'<>]{0,256}:(?<secret>(?!\$\{[^@]*\}@|\$[A-Z_]+@|\{\{|\*{3})[^\s/?#"'<>]{1,256})@(?!sha(?:256|512):)/dg,
    inInputs: false,
  },
  {
    code: 'PACKER_PASSWORD',
    reason: 'a temporary password that packer prints when it debugs',
    anchors: ['since debug is enabled'],
    pattern: /Password \(since debug is enabled\):\s{0,8}(?<secret>\S.*)/dgi,
    inInputs: false,
  },
  {
    code: 'PASSWORD',
    reason: 'what is assigned to a name that ends with password, passwd or passphrase',
    anchors: ['password', 'passwd', 'passphrase', '_pass', 'sshpass', 'pwd'],
    // `Password: text` is often a sentence, so there a value without quotes needs a digit or a sign.
    pattern: new RegExp(
      String.raw`(?:${passwordWord}${quote}\]?(?:\s{0,8}(?:=>|:=|[=:])\s{0,8}\\{0,3}["'](?<quoted>${placeholder}${quoted})|\s{0,2}(?:=>|:=|=)\s{0,2}${quote}(?<secret>${placeholder}${bare}{4,512})|\s{0,2}:\s{0,2}${quote}(?<said>${placeholder}${mixed}${bare}{6,512}))|--${passwordWord}\s(?<given>${placeholder}${mixed}${bare}{6,512})|;\s?pwd=(?<odbc>${bare}{4,512}))`,
      'dgi',
    ),
    inInputs: false,
  },
  {
    code: 'TOKEN',
    reason: 'what is assigned to a name that ends with token, client secret or API key',
    anchors: ['token', 'secret', 'api_key', 'api-key', 'apikey'],
    pattern: new RegExp(
      String.raw`(?:${tokenWord}${quote}\s{0,8}(?:=>|:=|[=:])\s{0,8}${quote}|(?:token|secret)=${quote}|--(?:[a-z-]{0,20})token\s)(?<secret>${placeholder}(?=[^\s"']{0,64}[0-9])${bare}{8,512})`,
      'dgi',
    ),
    inInputs: false,
  },
];

/** The rule for blocks of private keys, which keeps state over lines (`private-key-block.ts`). */
export const privateKeyRule = 'PRIVATE_KEY';

let ruleSet: Digest | undefined;

/** Changes whenever what is found by shape does; a scrub manifest names it. */
export function ruleSetDigest(): Digest {
  ruleSet ??= digestOfJson(redactionRules.map(({ code, pattern }) => ({ code, pattern: pattern.source, flags: pattern.flags })));
  return ruleSet;
}
