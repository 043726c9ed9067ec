import { anyOf } from './http-status.ts';
import { type RuleRow } from './rules-row.ts';

/** Other clouds, Vault and container registries. */
export const cloudRules: readonly RuleRow[] = [
  {
    code: 'CLOUD_CAPACITY',
    class: 2,
    reads: 'error',
    pattern: anyOf(
      /\bresource_unavailable\b|No valid host was found|sold out|understocked|\bNoStock\b|[Oo]ut of stock|\bResourceInsufficient\b|\bOutOf\w{0,20}Capacity\b/,
      /(?:[Oo]ut of|[Ii]nsufficient|[Nn]ot enough|[Nn]o available) (?:\w{1,20} ){0,2}capacity\b|\b[Nn]o (?:\w{1,20} ){0,2}capacity (?:is )?(?:available|left)|(?:[Oo]ut of|[Nn]ot enough) (?:\w{1,20} )?resources\b|capacity (?:is )?(?:exhausted|unavailable|not available)/,
    ),
    reason: 'the cloud has no capacity for this now',
    hint: 'If the retry fails too, use another location or type.',
    evidence: 'Hetzner, Oracle, OpenStack, CloudStack, Alibaba and Tencent API error texts',
  },
  {
    code: 'CLOUD_LIMIT',
    class: 1,
    reads: 'error',
    pattern: /\bresource_limit_exceeded\b|[Qq]uota exceeded for /,
    reason: 'a limit of the account does not hold this build',
    hint: 'Raise the limit, or remove what is not needed any more.',
    evidence: 'Hetzner Cloud and OpenStack API error texts',
  },
  {
    code: 'VAULT_DENIED',
    class: 3,
    reads: 'error',
    pattern: /Error making API request\.[\s\S]{0,600}Code: 40[13]\. Errors/,
    reason: 'Vault refuses the token, or what it asks for',
    hint: 'Renew the token and check its policy; then release the builder.',
    evidence: 'hashicorp/vault api/response.go',
  },
  {
    code: 'REGISTRY_RATE',
    class: 2,
    reads: 'any',
    pattern: /\btoomanyrequests: /,
    reason: 'the container registry limits the pulls',
    hint: 'If the retry fails too, log in to the registry or pull through a cache of your own.',
    evidence: 'CodeBuild troubleshooting.md:217-234',
  },
  {
    code: 'REGISTRY_AUTH',
    class: 3,
    reads: 'error',
    pattern:
      /unauthorized: (?:authentication required|incorrect username or password)|no basic auth credentials|denied: requested access to the resource is denied/,
    reason: 'the container registry refuses the login or the push',
    hint: 'Check the login of the registry and who may push to the repository.',
    evidence: 'distribution/distribution registry/api/errcode/register.go',
  },
  {
    code: 'REGISTRY_IMAGE',
    class: 1,
    reads: 'any',
    pattern: /pull access denied for |manifest (?:for \S+ not found|unknown)/,
    reason: 'the container image does not exist, or is private',
    hint: 'Correct the name and tag of the image.',
    evidence: 'distribution/distribution registry/api/errcode/register.go; moby/moby distribution/errors.go',
  },
];
