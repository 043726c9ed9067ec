import { isPackersOwn } from '../../core/start-environment.ts';

/**
 * What a run sees of the surroundings it was started in: what finding programs, trusting certificates and
 * reaching AWS needs. Everything else would make a build depend on whose terminal it came from.
 */
const passed = new Set([
  'PATH',
  'HOME',
  'LANG',
  'TMPDIR',
  'USER',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  // Someone who does not want HashiCorp's tools to call home says it so.
  'CHECKPOINT_DISABLE',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CA_BUNDLE',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  'AWS_EC2_METADATA_DISABLED',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
]);

/**
 * What of the surroundings reaches the commands of a run: a short list, the endpoints of AWS, and the names in
 * `passThrough` (of the builder's `env:NAME` secrets). `PKR_VAR_*` and `PACKER_*` never.
 */
export function surroundingsOf(
  environment: Readonly<Record<string, string | undefined>>,
  passThrough: readonly string[],
): Record<string, string> {
  const named = new Set(passThrough);
  const chosen: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || isPackersOwn(name)) continue;
    if (passed.has(name) || named.has(name) || /^AWS_ENDPOINT_URL(?:_|$)/.test(name)) chosen[name] = value;
  }
  return chosen;
}
