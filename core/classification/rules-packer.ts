import { type RuleRow, type Turn } from './rules-row.ts';

const networkTrouble =
  /\b429\b|\b5\d\d\b|time(?:d ?)?out|connection (?:reset|refused)|TLS handshake|no such host|server misbehaving|: (?:unexpected )?EOF\b/i;

/** A template may call services while packer reads it: HCL functions, data sources, the login of a builder. */
const serviceSilent: Turn = {
  to: 2,
  when: ({ text }) => /dial tcp|i\/o timeout|TLS handshake timeout|\bstatus(?: code)?:? 5\d\d\b/i.test(text),
  says: 'The template calls a service that did not answer. If the retry fails too, check whether it can be reached from the build.',
};

/** Packer itself: its plugins, the template, the machine that it runs on. */
export const packerRules: readonly RuleRow[] = [
  {
    code: 'PLUGIN_RATE_LIMIT',
    class: 2,
    reads: 'error',
    pattern: /rate limited the plugin getter|got rate limited|API rate limit (?:of \d+ still )?exceeded/,
    reason: 'GitHub limits the anonymous downloads of plugins to 60 an hour',
    hint: 'Set PACKER_GITHUB_API_TOKEN as a secret, or bake the plugins into the build image.',
    evidence: 'packer/plugin-getter/plugins.go:101; hashicorp/packer#11330, #13634',
  },
  {
    code: 'PLUGIN_RELEASES_HTTP',
    class: 2,
    reads: 'error',
    pattern: /http call failed to releases\.hashicorp\.com failed/,
    reason: 'releases.hashicorp.com did not answer as it should',
    hint: 'If the retry fails too, check whether the build reaches that host at all; bake the plugins into the build image.',
    evidence: 'packer/plugin-getter/plugins.go:36; release/getter.go:117-119',
  },
  {
    code: 'PLUGIN_NOT_FOUND',
    class: 1,
    reads: 'error',
    pattern:
      /no release version found for|no matching version found in releases|could not install any compatible version of plugin|Failed getting the "[^"\n]{1,200}" plugin/,
    reason: 'there is no such plugin in a version that fits the constraint',
    hint: 'Correct source and version in `required_plugins`.',
    evidence: 'packer/plugin-getter/plugins.go:684,952,962; command/init.go:162; hashicorp/packer#11259',
    turns: [
      {
        to: 3,
        when: ({ text }) => /\b401\b[^\n]{0,20}Bad credentials/.test(text),
        says: 'GitHub refuses the token in PACKER_GITHUB_API_TOKEN: renew it, then release the builder.',
      },
      {
        to: 2,
        when: ({ text }) => networkTrouble.test(text),
        says: 'The same message tells of the network: the plugin may exist, but could not be fetched. If the retry fails too, bake the plugins into the build image.',
      },
    ],
  },
  {
    code: 'PLUGIN_MISSING',
    class: 1,
    reads: 'error',
    pattern:
      /Did you run packer init|Unknown (?:source|data source|provisioner|post-processor|error-cleanup-provisioner) type|Unsupported Packer Core version|unsupported remote protocol/,
    reason: 'a plugin is not installed, or this packer does not fit',
    hint: 'Declare the plugin in `required_plugins`, so that `packer init` installs it; check `packer.version` in hybridcore.yaml.',
    evidence: 'hcl2template/plugin.go:113-122,161,210; version_required.go:31; plugins.go:535',
  },
  {
    code: 'HOST_TOOL_MISSING',
    class: 1,
    reads: 'error',
    pattern: /executable file not found in (?:\$PATH|%PATH%)/,
    reason: 'a program that packer needs is not on the machine that builds',
    hint: 'Install it in the build image, or add its folder to PATH.',
    evidence: 'Go os/exec ErrNotFound',
  },
  {
    code: 'QEMU_NO_KVM',
    class: 1,
    reads: 'any',
    pattern: /Could not access KVM kernel module|failed to initialize (?:kvm|KVM)/,
    reason: 'the machine that builds has no usable /dev/kvm',
    hint: 'Build on a host with virtualisation and let the user into the group kvm, or set `accelerator = "tcg"`.',
    evidence: 'hashicorp/nomad#650; MatthewCroughan/NixThePlanet#47',
  },
  {
    code: 'QEMU_START',
    class: 1,
    reads: 'any',
    pattern: /Qemu failed to start|Error processing QemuArg/,
    reason: 'QEMU did not start',
    hint: 'Build with PACKER_LOG=1 to see what QEMU says: mostly an argument, the display or the accelerator is wrong.',
    evidence: 'packer-plugin-qemu driver.go; hashicorp/packer#10280',
  },
  {
    code: 'PORT_TAKEN',
    class: 2,
    reads: 'error',
    pattern: /[Ee]rror finding (?:an? )?(?:available )?(?:VNC )?port|no free ports?\b|address already in use/,
    reason: 'no port is free on the machine that builds',
    hint: 'If the retry fails too, widen the range of ports in the template, or run fewer builds at once.',
    evidence: 'packer-plugin-sdk net/configure_port.go',
  },
  {
    code: 'HYPERVISOR_HOST',
    class: 1,
    reads: 'error',
    pattern:
      /VT-x is not available|\bVERR_\w+|\/dev\/vboxdrv does not exist|Unable to initialize any driver for this platform|Device\/Credential Guard are not compatible|unable to find a virtual switch/,
    reason: 'the hypervisor of the machine that builds is missing, or set up wrongly',
    hint: 'Mend it there: install it, load its kernel module, switch virtualisation on, or create the switch that the template names.',
    evidence: 'VBoxManage, vmrun and Hyper-V texts; rapid7/metasploitable3#202',
    turns: [
      {
        to: 3,
        when: ({ text }) => /ssh: unable to authenticate/.test(text),
        says: 'The host that runs the machines refuses the user or the key of `remote_username`: renew it, then release the builder.',
      },
    ],
  },
  {
    code: 'TPL_VARIABLE',
    class: 1,
    reads: 'error',
    pattern: /Unset variable "|Undefined (?:-var )?variable|Invalid value for (?:\S+ )?variable|Invalid argument value for -var/,
    reason: 'a variable of the template is not set, not declared, or has a wrong value',
    hint: 'Set it in a var file or in the request, or declare it in the template.',
    evidence: 'hcl2template/types.variables.go:205,707,753,780; the captures missing-var-mr, undeclared-var-mr',
  },
  {
    code: 'TPL_SYNTAX',
    class: 1,
    reads: 'error',
    pattern:
      /Error: (?:Missing (?:item separator|required argument|key\/value separator|newline after argument|attribute value)|Unsupported (?:block type|argument|attribute)|Unclosed configuration block|Invalid (?:expression|block definition|character|function argument|multi-line string|template interpolation value)|Argument or block definition required|Attribute redefined|Duplicate \w+|Call to unknown function|Error in function call|Unterminated template string)|Failed to parse file as legacy JSON template|Failed to parse template|Error parsing JSON|Cannot tell wh?ether .{1,300} is a directory|Could not find any config file/,
    reason: 'the template does not parse',
    hint: 'The message names the file and the line: mend it, and try `packer validate`.',
    evidence:
      'the captures syntax-error-mr, no-such-file; command/meta.go GetConfigFromJSON; hcl2template/parser.go:113; hcl/v2 hclsyntax diagnostics',
    turns: [serviceSilent],
  },
  {
    code: 'TPL_INVALID',
    class: 1,
    reads: 'error',
    pattern:
      /No builds to run|an? '(?:only|except)' option was passed|must be specified|target required|your source AMI filter must declare an owner|Bad (?:script|source) '|Deprecated configuration key|[Uu]nknown configuration key|unknown root level key|Failed prepar(?:ing|e) |Failed to prepare build|Errors? validating build|one of \S{1,80} must be /,
    reason: 'the template says too little, or something that packer does not know',
    hint: 'The message names the setting: correct it, and try `packer validate`.',
    evidence: 'command/build.go:218; the capture validate-error-mr; common/run_config.go:812-825; sdk communicator/config.go:535',
    turns: [serviceSilent],
  },
  {
    code: 'CLI_USAGE',
    class: 1,
    reads: 'error',
    pattern: /flag provided but not defined: |^Usage: packer /,
    reason: 'this packer does not know an option or command that it was given',
    hint: 'Check the version of packer against the options of the builder.',
    evidence: 'Go flag package; the captures bad-flag-mr, unknown-command',
  },
  {
    code: 'OUTPUT_EXISTS',
    class: 1,
    reads: 'error',
    pattern:
      /Output directory (?:'[^'\n]{1,300}' )?(?:already )?exists|already exists[^\n]{0,200}\bforce\b|already exists in [^\n]{0,200}\n[^\n]{0,100}force flag/i,
    reason: 'what an earlier build made is still there under the same name',
    hint: 'Remove it, or give what each build makes a name of its own.',
    evidence: 'packer-plugin-qemu step_prepare_output_dir.go; packer-plugin-virtualbox common/output_config.go',
  },
  {
    code: 'DOCKER_DAEMON',
    class: 1,
    reads: 'any',
    pattern: /Cannot connect to the Docker daemon|Is the docker daemon running\?/,
    reason: 'no Docker daemon runs where the build runs, or the user may not use it',
    hint: 'Start the daemon, or on CodeBuild switch the privileged mode on.',
    evidence: 'docker/cli; CodeBuild troubleshooting.md',
  },
  {
    code: 'PACKER_PANIC',
    class: 1,
    reads: 'error',
    pattern: /^(?:[\w./-]{1,200}(?: plugin)?: )?panic: |PACKER CRASH/,
    reason: 'packer or a plugin crashed over a bug of its own',
    hint: 'Read the first lines of the panic: mostly another version of packer or of the plugin, or a setting of the template, avoids it.',
    evidence: 'packer panic.go:17-29',
  },
  {
    code: 'PACKER_CRASH',
    class: 2,
    reads: 'error',
    pattern:
      /plugin exited before we could connect|timeout while waiting for plugin to start|^(?:\d+ error\(?s?\)? occurred:\s*\*?\s*)?(?:Post-processor failed: )?unexpected EOF\.?$|connection is shut down|extra data in buffer|gob: [^\n]{0,80}(?:exceeds input size|out of range|corrupted)|error reading from server: EOF/,
    reason: 'a plugin of packer ended in the middle of its work',
    hint: 'If the retry fails too, look for a panic in the log with PACKER_LOG=1, for too little memory, or for a plugin of the wrong architecture.',
    evidence: 'packer/plugin_client.go:320,322; packer-plugin-proxmox#185',
  },
];
