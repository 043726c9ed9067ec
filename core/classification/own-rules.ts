import { type ExitCode } from '../exit-code.ts';

interface OwnRuleEntry {
  readonly exit_code: ExitCode;
  /** What kind of thing happened, in a sentence for the operator. */
  readonly reason: string;
}

/**
 * What our own checks can find, each named once. Beside the rules for packer's log (`rules.ts`) these are
 * all the rules that a verdict can carry.
 */
export const ownRules = {
  SUCCESS: { exit_code: 0, reason: 'packer ended with exit code 0 and left an artifact and the end of its output' },
  UNCHANGED: { exit_code: 0, reason: 'the inputs are those of the newest manifest, which is young enough: nothing to build' },
  UNKNOWN: { exit_code: 1, reason: 'no rule knows this failure; a wrong retry costs a whole build, so there is none' },
  NO_EVIDENCE: { exit_code: 1, reason: 'packer exited with 0, but left neither an artifact nor the end of its output' },
  STOPPED: { exit_code: 1, reason: 'a person stopped the build' },
  USAGE: { exit_code: 1, reason: 'the command line was not understood' },
  NODE_TOO_OLD: { exit_code: 1, reason: 'this Node.js is too old' },
  CONFIG_MISSING: { exit_code: 1, reason: 'there is no hybridcore.yaml' },
  CONFIG_INVALID: { exit_code: 1, reason: 'hybridcore.yaml is not valid' },
  DEPLOYMENT_INVALID: { exit_code: 1, reason: 'what was deployed does not fit together' },
  BUILDER_DIFFERS: { exit_code: 1, reason: 'the checked-out builder is not declared as the dispatcher knows it' },
  SOURCE_DIFFERS: { exit_code: 1, reason: 'the checked-out inputs are not those that the dispatcher knows' },
  BUILDER_UNKNOWN: { exit_code: 1, reason: 'hybridcore.yaml has no such builder' },
  BUILD_UNKNOWN: { exit_code: 1, reason: 'there is no such build' },
  REQUEST_INVALID: { exit_code: 1, reason: 'the request does not fit its schema' },
  TOKEN_CONFLICT: { exit_code: 1, reason: 'the client token was used for another request' },
  TEMPLATE_MISSING: { exit_code: 1, reason: 'the template is not there' },
  TEMPLATE_INVALID: { exit_code: 1, reason: 'the template cannot be parsed' },
  PATH_OUTSIDE: { exit_code: 1, reason: 'a path leaves the repository' },
  INPUT_UNREADABLE: { exit_code: 1, reason: 'an input is missing or cannot be read' },
  INPUT_NAME: { exit_code: 1, reason: 'the name of an input cannot be written into a manifest' },
  INPUT_UNDECLARED: {
    exit_code: 1,
    reason: 'the template names a file that cannot be found without running packer, and no glob covers it',
  },
  INPUTS_TOO_MANY: { exit_code: 1, reason: 'there are more inputs than an attempt can hand over' },
  INPUTS_CHANGED: { exit_code: 1, reason: 'the inputs changed while packer was running, so nothing was sealed' },
  VARIABLE_NOT_ALLOWED: { exit_code: 1, reason: 'the request sets a variable that it may not set' },
  RETENTION_TOO_LOW: { exit_code: 1, reason: 'the request asks for a retention below the floor of the builder' },
  SECRET_UNAVAILABLE: { exit_code: 1, reason: 'a secret that the builder names could not be had' },
  PACKER_MISSING: { exit_code: 1, reason: 'packer is not there' },
  PACKER_TOO_OLD: { exit_code: 1, reason: 'this packer is too old' },
  PACKER_NOT_PINNED: { exit_code: 1, reason: 'this packer is not the pinned version' },
  PACKER_INVALID: { exit_code: 1, reason: 'packer refuses the template' },
  MANIFEST_MISSING: { exit_code: 1, reason: 'no build has sealed a manifest that could be published' },
  INPUTS_DRIFTED: { exit_code: 1, reason: 'the inputs are no longer those of the newest manifest' },
  GONE: { exit_code: 1, reason: 'what is asked for was deleted when its retention was over' },
  BUILD_NOT_PUBLISHABLE: { exit_code: 1, reason: 'only a build that succeeded and left artifacts can be published' },
  RAISE_REFUSED: { exit_code: 1, reason: 'the class of the build cannot become what was asked for' },
  POLICY_UNCONFIRMED: { exit_code: 1, reason: 'the policy would let something go earlier than it was promised' },
  HOLD_REFUSED: { exit_code: 1, reason: 'the legal hold of the build is not as it would have to be' },
  RECORD_NEWER: { exit_code: 1, reason: 'a record was written by a newer version of this program' },
  POINTER_REFUSED: { exit_code: 1, reason: 'the pointer outside that a channel has does not take the image' },
  SERVICE_REFUSED: { exit_code: 1, reason: 'the build service refuses to start the build' },
  INSTALL_INVALID: { exit_code: 1, reason: 'the build environment could not install what an attempt needs, and would not the next time' },
  DIAG_TOO_LARGE: { exit_code: 1, reason: 'the build left more than a diag bundle holds' },
  BUNDLE_INVALID: { exit_code: 1, reason: 'this is no diag bundle' },
  API_REFUSED: { exit_code: 1, reason: 'the API does not let this caller do that' },
  API_ANSWER: { exit_code: 1, reason: 'what answered is not the API that was meant' },
  API_UNREACHABLE: { exit_code: 2, reason: 'the API did not answer' },
  QUEUE_FULL: { exit_code: 2, reason: 'as many builds of this builder wait as the line holds' },
  INSTALL_UNREACHABLE: { exit_code: 2, reason: 'packer or the command line could not be fetched into the build environment' },
  INTERRUPTED: { exit_code: 2, reason: 'the run was interrupted, and no operator asked for it' },
  NOT_CONFIRMED: { exit_code: 2, reason: 'the dispatcher did not tell the run to go, so packer did not run' },
  RUN_LOST: { exit_code: 2, reason: 'the run ended without handing anything over' },
  RUN_FAULT: { exit_code: 2, reason: 'the build service reports a fault of its own' },
  TIMED_OUT: { exit_code: 2, reason: 'the attempt reached its time limit' },
  STORAGE: { exit_code: 2, reason: 'records or objects could not be written or read' },
  INSTALL_TAMPERED: { exit_code: 3, reason: 'what was fetched into the build environment has another checksum than the pinned one' },
  INPUT_SECRET: { exit_code: 3, reason: 'a secret stands in clear among the inputs' },
  BUILDER_QUARANTINED: {
    exit_code: 3,
    reason: 'the builder is quarantined: it takes no build and publishes none until a person releases it',
  },
  HANDOVER_INVALID: { exit_code: 3, reason: 'what the attempt handed over is not what an attempt writes' },
  ARTIFACT_UNCONFIRMED: { exit_code: 3, reason: 'an artifact that the attempt claims is not there, is not ours, or was there before' },
  DIAG_SECRET: { exit_code: 3, reason: 'a secret stands in what was to go into a diag bundle' },
  BUNDLE_TAMPERED: { exit_code: 3, reason: 'the diag bundle is not what its index says' },
  RETENTION_UNKEPT: { exit_code: 3, reason: 'something is kept shorter or longer than the retention policy says' },
  CHAIN_BROKEN: { exit_code: 3, reason: 'the chain of hash manifests does not hold' },
} as const satisfies Record<string, OwnRuleEntry>;

export type OwnRule = keyof typeof ownRules;
