import { type Artifact } from '../artifact.ts';

// amazon plugin: builder/common/step_source_ami_info.go; docker plugin: builder/docker/step_pull.go, whose `docker pull`
// prints the digest; googlecompute plugin: builder/googlecompute/step_create_instance.go.
const amazonImage = /^Found Image ID: (ami-[0-9a-f]{8,17})$/;
const dockerImage = /^Pulling Docker image: (\S{1,300})$/;
const dockerDigest = /^Digest: (sha256:[0-9a-f]{64})$/;
const googleImage = /^Using image: ([\w.-]{1,100})$/;

/** How many are kept of one target. */
const mostImages = 20;

/**
 * What a target is made from, as its builder says before anything of a person's runs: what is printed once a step has
 * begun may be a script's word.
 */
export class BaseImageReader {
  readonly #images: string[] = [];
  #docker: string | null = null;
  #open = true;

  take(text: string, marked: boolean): void {
    if (!this.#open || this.#images.length >= mostImages) return;
    const [, amazon] = amazonImage.exec(text) ?? [];
    if (amazon !== undefined) this.#images.push(amazon);
    const [, google] = marked ? (googleImage.exec(text) ?? []) : [];
    if (google !== undefined) this.#images.push(google);
    const [, docker] = marked ? (dockerImage.exec(text) ?? []) : [];
    if (docker !== undefined) {
      this.#images.push(docker);
      this.#docker = docker;
    }
    const [, digest] = dockerDigest.exec(text) ?? [];
    if (digest !== undefined && this.#docker !== null) {
      this.#images.splice(-1, 1, `${this.#docker}@${digest}`);
      this.#docker = null;
    }
  }

  /** A step that runs a person's code begins. */
  close(): void {
    this.#open = false;
  }

  /**
   * The images, each once. An AMI's region is that of the target's own artifact, where that is in one region alone: then
   * it was built there.
   */
  end(artifacts: readonly Artifact[]): readonly string[] {
    const regions = new Set(
      artifacts.flatMap(({ id }) => id.split(',').flatMap((one) => /^([a-z]{2}(?:-[a-z0-9]+)+):ami-/.exec(one)?.[1] ?? [])),
    );
    const [region] = regions.size === 1 ? regions : [];
    return [...new Set(this.#images.map((image) => (region !== undefined && image.startsWith('ami-') ? `${region}:${image}` : image)))];
  }
}
