import { type RuleRow } from './rules-row.ts';

/** They say only that something failed: asked last, and only after the lines before the failure. */
export const lastRules: readonly RuleRow[] = [
  {
    code: 'POST_PROCESSOR',
    class: 1,
    reads: 'error',
    pattern: /Post-processor failed:/,
    reason: 'a post-processor failed after the image was made',
    hint: 'The image may exist: look at the artifacts of the result and remove it, or finish by hand what the post-processor does.',
    evidence: 'packer/build.go:400,473; the capture postprocessor-fail-mr',
    unspecific: true,
  },
  {
    code: 'SCRIPT_EXIT',
    class: 1,
    reads: 'error',
    pattern: /(?:Script exited with non-zero exit status|script exited with non-zero exit status):? \d+/,
    reason: 'a script of the template failed',
    hint: 'Read the lines before it: the script, not packer, has the cause.',
    evidence: 'sdk shell/exit_code.go:39; the capture script-fail-mr',
    unspecific: true,
  },
  {
    code: 'PROVISIONER_EXIT',
    class: 1,
    reads: 'error',
    pattern:
      /Error executing (?:Ansible|Chef|Puppet|Inspec|Salt|Converge)|[Nn]on-zero exit (?:status|code)|Bad exit status|Process exited with status \d+/,
    reason: 'a provisioner failed',
    hint: 'Read the lines before it: the play, cookbook or command has the cause.',
    evidence: 'packer-plugin-ansible provisioner/ansible/provisioner.go; packer-plugin-docker driver',
    unspecific: true,
  },
  {
    code: 'TPL_DIAGNOSTIC',
    class: 1,
    reads: 'error',
    pattern: /^Error: [\s\S]*\n\s*on \S{1,300} line \d+/,
    reason: 'packer refuses a place in the template',
    hint: 'The message names the file and the line.',
    evidence: 'hcl/v2 diagnostic_text.go',
  },
];
