import { secretValues } from '../../adapters/local/environment-secrets.ts';
import { outputFile } from '../../adapters/local/output-file.ts';
import { tarArchive } from '../../adapters/local/tar-archive.ts';
import { builderOf } from '../../core/builder-of.ts';
import { type Config } from '../../core/config.ts';
import { type DiagDocument } from '../../core/diag/diag-documents.ts';
import { type DiagIndex } from '../../core/diag/bundle-documents.ts';
import { type DiagPorts, type StorePorts, type StoredBundle, makeBundle, storeBundle } from '../../core/diag/make-bundle.ts';
import { digestOf } from '../../core/digest.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { type Answer } from '../answer.ts';
import { type Embedded } from '../embedded.ts';
import { findBuild } from '../find-build.ts';
import { type Host } from '../host.ts';

/** `diag <build>`: packs all that a build left, scrubbed once more, for an operator or the security team to take away. */
export async function diag(
  host: Host,
  embedded: Embedded,
  config: Config,
  typed: string,
  options: { readonly output?: string },
): Promise<Outcome<Answer>> {
  const output = options.output === undefined ? undefined : await outputFile('--output', options.output, host.workingFolder);
  if (output?.ok === false) return output;
  const found = await findBuild(embedded, typed);
  if (!found.ok) return found;
  const build = found.value;
  const ports: DiagPorts & StorePorts = { ...embedded, archive: tarArchive };
  const made = await makeBundle(ports, config, build, secretValues(host.environment, builderOf(config, build.builder)));
  if (!made.ok) return made;
  if (output !== undefined) {
    const written = await output.value.write(made.value.content);
    return written.ok ? bundleAnswer({ ...made.value, path: options.output ?? '', newer: null }) : written;
  }
  const stored = await storeBundle(ports, config, build, made.value);
  return stored.ok ? bundleAnswer(stored.value) : stored;
}

function bundleAnswer({ path, content, newer, index }: StoredBundle): Outcome<Answer> {
  const document: DiagDocument = { path, digest: digestOf(content), size: content.length, newer, index };
  return success({ exitCode: 0, document, text: bundleText(document) });
}

/** A bundle as a person is told of it. */
export function bundleText({ path, size, digest, newer, index }: DiagDocument): string {
  const told = (title: string, items: DiagIndex['absent']) =>
    items.length === 0 ? [] : [`${title}:`, ...items.map((item) => `  ${item.path}: ${item.why}`)];
  const { expires_at: expiresAt, class: retentionClass } = index.retention;
  return [
    path,
    `  build ${index.build_id} of ${index.builder}, ${index.state}${index.rule === null ? '' : ` (${index.rule})`}`,
    `  ${index.files.length + 1} files, ${size} bytes, ${digest}`,
    `  what the build left is kept ${expiresAt === null ? `as ${retentionClass}, from when it ends` : `until ${expiresAt} at least (${retentionClass})`}`,
    ...(newer === null
      ? []
      : [
          '  this is the bundle that was stored first: the build is locked or held, so it stays',
          `  what would be packed now is another (${newer}); on the machine that has the build, --output FILE gives it`,
        ]),
    ...told('not in it', index.absent),
    ...told('in it as it was found, and not what was recorded', index.altered),
  ].join('\n');
}
