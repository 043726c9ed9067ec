import { type FunctionName } from '../core/contract/deployment.ts';
import { type Deployment } from '../core/deployment.ts';

/** A file that is published with the stack, and what it is known by. */
export interface PublishedFile {
  /** Absolute. */
  readonly file: string;
  /** Its SHA-256, in hex. */
  readonly sha256: string;
}

/** How the API is reached. */
export interface ApiPlan {
  /** Requests a second that it takes on the average; for a moment it takes twice as many. */
  readonly requestsPerSecond: number;
  /** The VPC endpoints by which alone it is reached; none: it is reached from the internet. */
  readonly vpcEndpoints: readonly string[];
  /** The ranges of addresses (CIDR) that it is asked from; none: from any. */
  readonly addresses: readonly string[];
}

/** All that a deployment is made from, as plain data: nothing here is looked up, in AWS or anywhere else. */
export interface DeploymentPlan {
  /** The stack's name; projects, metrics and tags carry it. */
  readonly stackName: string;
  /** What `deployment.json` says, beside the functions' code. */
  readonly deployment: Deployment;
  /** What `hybridcore.yaml` is called in the repository that is an asset. */
  readonly configFile: string;
  readonly assets: {
    /** The image repository: a folder, absolute, without what this program wrote there. */
    readonly repository: string;
    /** The folder of each function's bundle, absolute; its handler is `index.handler`. */
    readonly functions: Readonly<Record<FunctionName, string>>;
    /** The command line as one file. */
    readonly commandLine: PublishedFile;
  };
  /** `buildspecs/packer-build.yml`, parsed. */
  readonly buildspec: Readonly<Record<string, unknown>>;
  /** E-mail addresses that the operators' topic writes to. */
  readonly operators: readonly string[];
  /** Where `docs/runbook.md` is read: alarms link its entries. */
  readonly runbook: string;
  readonly api: ApiPlan;
  /** Whether the sweep reserves the one execution that it takes; an account whose limit is 10 cannot. */
  readonly reserveConcurrency: boolean;
}
