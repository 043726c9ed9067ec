import { anyOf } from './http-status.ts';
import { type RuleRow } from './rules-row.ts';

/** Checksums, signatures, certificates and policies: what must not be believed or is forbidden. */
export const integrityRules: readonly RuleRow[] = [
  {
    code: 'PLUGIN_CHECKSUM',
    class: 3,
    reads: 'error',
    pattern: /Checksums \(\S+\) did not match|Is the checksum file correct \? Is the binary file correct \?/,
    reason: 'a plugin that packer downloaded is not the one that its checksum file names',
    hint: 'Do not build. Compare the checksum with the one of the release page, and find out which proxy or mirror served the file, before you release the builder.',
    evidence: 'hashicorp/packer packer/plugin-getter/checksum.go:28, plugins.go:844',
  },
  {
    code: 'ISO_CHECKSUM',
    class: 3,
    reads: 'error',
    pattern: anyOf(
      /\b(?!Hash Sum mismatch)(?:[Cc]hecksums?|[Dd]igests?|[Hh]ash(?:es| sums?)?|(?:SHA|sha|MD|md)-?\d{1,3}(?:sums?)?)\b[^\n]{0,60}? (?:(?:did|do|does)(?: not|n't) match|mismatch)(?! (?:the )?(?:expected |required )?(?:format|pattern|length|type)\b)/,
    ),
    reason: 'a download is not what its pinned checksum says',
    hint: 'Download the file by hand and compare: a cut transfer or an error page gives this too, a replaced file must be understood before the checksum is changed.',
    evidence: 'hashicorp/packer#6203, #146',
  },
  {
    code: 'REPO_SIGNATURE',
    class: 3,
    reads: 'error',
    pattern: /NO_PUBKEY|signatures (?:couldn't be verified|were invalid)|GPG check FAILED/,
    reason: 'the signature of a package repository cannot be verified',
    hint: 'Find out whether the repository changed its key: compare the new one over another channel before you trust it.',
    evidence: 'apt and dnf text',
  },
  {
    code: 'SIGNATURE_UNKNOWN',
    class: 3,
    reads: 'error',
    pattern:
      /\bopenpgp: (?:signature made by unknown entity|invalid signature)|[Ss]ignature (?:verification failed|made by unknown entity|is (?:invalid|not trusted)|mismatch)|\bBAD signature\b|^(?:[^\n]{0,200}: )?[Ii]nvalid signature\b/,
    reason: 'a signature does not hold, or nobody trusts who made it',
    hint: 'Find out whether whoever signs changed the key, or the file was replaced, before you trust the new one.',
    evidence: 'golang.org/x/crypto/openpgp errors',
  },
  {
    code: 'HOST_KEY',
    class: 3,
    reads: 'error',
    pattern: /knownhosts: key mismatch|REMOTE HOST IDENTIFICATION HAS CHANGED|ssh: host key mismatch/,
    reason: 'a host shows another key than the one it is known by',
    hint: 'Find out who answered: a machine that was set up anew, or somebody in between. Do not switch the check off.',
    evidence: 'golang.org/x/crypto/ssh/knownhosts; OpenSSH text',
  },
  {
    code: 'TLS_TRUST',
    class: 3,
    reads: 'error',
    pattern:
      /x509: certificate (?:signed by unknown authority|has expired|is valid for|is not valid|is not trusted)|x509: cannot validate certificate|\btls: (?:unknown certificate|bad certificate|failed to verify)|\bcertificate has expired|certificate verification failed|SSL certificate problem|CERTIFICATE_VERIFY_FAILED|certificate verify failed|unable to (?:get local issuer|verify the first) certificate|\bcertificate is not trusted|self[- ]signed certificate|no alternative certificate subject name/,
    reason: 'a certificate is not trusted',
    hint: 'Find out who answered: an expired certificate, a proxy that intercepts, or the wrong host. Do not switch the check off.',
    evidence: 'CodeBuild troubleshooting.md:303; Go crypto/x509 verify.go',
  },
  {
    code: 'SCP_DENY',
    class: 3,
    reads: 'error',
    pattern: /explicit deny in an? [\w -]{0,80}policy/,
    reason: 'a policy of the organisation or the account denies the call explicitly',
    hint: 'Ask the owners of the policy: no permission of the role helps against an explicit deny.',
    evidence: 'udacity/cd0157#47',
  },
  {
    code: 'AMI_BLOCK_PUBLIC',
    class: 3,
    reads: 'error',
    pattern: /OperationNotPermitted[\s\S]*[Bb]lock[ -]?[Pp]ublic|block public access for AMIs/,
    reason: 'the account forbids public images, and the template asks for one',
    hint: 'Remove `ami_groups = ["all"]` from the template, or have the owners of the account decide that this image may be public.',
    evidence: 'botocore ec2 EnableImageBlockPublicAccess; the wording is not confirmed',
  },
  {
    code: 'KMS_KEY',
    class: 3,
    reads: 'error',
    pattern:
      /InvalidKMSKey\.InvalidState|KMS key provided is in an incorrect state|specified KMS key is not accessible|KMSKeyNotAccessible|KMS(?:InvalidState|AccessDenied|Disabled|NotFound)Exception/,
    reason: 'the encryption key is disabled, in another region, or grants packer no use',
    hint: 'Look at the key in KMS: is it enabled, in this region, and does its policy allow kms:CreateGrant, Decrypt and GenerateDataKey to the role?',
    evidence: 'hashicorp/packer#12683; hashicorp/packer-plugin-amazon#225',
  },
  {
    code: 'KMS_LAUNCH',
    class: 3,
    reads: 'error',
    pattern: /Client\.InternalError(?:: Client error on launch)?/,
    reason: 'the instance could not be launched from its encrypted volume, mostly for a missing kms:CreateGrant',
    hint: 'Give the role kms:CreateGrant on the key of the source image and on that of `kms_key_id`.',
    evidence: 'hashicorp/packer#9867; aws/karpenter-provider-aws#1407',
  },
  {
    code: 'KMS_CONFIG',
    class: 1,
    reads: 'error',
    pattern:
      /Cannot share (?:AMI|snapshot) encrypted with default KMS key|is not a valid KMS Key Id|is in region_kms_key_ids but not in ami_regions/,
    reason: 'the encryption settings of the template contradict each other',
    hint: 'Name a customer managed key per region in `region_kms_key_ids`; an image under the default key cannot be shared.',
    evidence: 'packer-plugin-amazon common/ami_config.go:254,264,294,300',
  },
];
