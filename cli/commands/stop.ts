import { advance } from '../../core/advance.ts';
import { type Config } from '../../core/config.ts';
import { type StopDocument } from '../../core/documents.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { isFinal } from '../../core/states.ts';
import { stopBuild } from '../../core/stop.ts';
import { type Answer } from '../answer.ts';
import { type Embedded } from '../embedded.ts';
import { findBuild } from '../find-build.ts';

/** `stop <build>`: asks a build to stop; packer gets its clean-up. */
export async function stop(embedded: Embedded, config: Config, typed: string, by: string): Promise<Outcome<Answer>> {
  const found = await findBuild(embedded, typed);
  if (!found.ok) return found;
  const asked = await stopBuild(embedded, found.value.build_id, by);
  if (!asked.ok) return asked;
  await advance(embedded, config, asked.value.builder);
  const build = (await embedded.records.readBuild(asked.value.build_id)) ?? asked.value;
  const document: StopDocument = { build_id: build.build_id, state: build.state, stop: build.stop };
  return success({ exitCode: 0, document, text: stopText(document) });
}

/** What became of the wish, whichever dispatcher it was told to. */
export function stopText({ build_id: id, state, stop }: StopDocument): string {
  if (isFinal(state)) return `build ${id} has ended: ${state}`;
  return stop === null
    ? `build ${id} is ending already, so there is nothing to stop`
    : `build ${id} is asked to stop; packer gets its clean-up, which can take two minutes`;
}
