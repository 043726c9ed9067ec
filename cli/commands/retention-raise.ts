import { type Config } from '../../core/config.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { buildTerms } from '../../core/retention/build-terms.ts';
import { type RetentionRaiseDocument } from '../../core/retention/documents.ts';
import { raiseClass } from '../../core/retention/raise.ts';
import { type Answer } from '../answer.ts';
import { type Embedded } from '../embedded.ts';
import { findBuild } from '../find-build.ts';

/** `retention raise <build> <class>`: all that it left is kept as the higher class says. */
export async function retentionRaise(
  embedded: Embedded,
  { retention }: Config,
  typed: string,
  wanted: { readonly class: string; readonly by: string; readonly reason: string },
): Promise<Outcome<Answer>> {
  const found = await findBuild(embedded, typed);
  if (!found.ok) return found;
  const raised = await raiseClass(embedded, retention, found.value.build_id, wanted);
  if (!raised.ok) return raised;
  const { build_id, builder, retention: name, raises } = raised.value;
  const kept = buildTerms(raised.value, retention);
  if (kept === undefined) throw new TypeError(`the build ${build_id} was raised before it ended`);
  const { expires_at, ...terms } = kept;
  const document: RetentionRaiseDocument = { build_id, builder, class: name, terms, expires_at, raises };
  return success({ exitCode: 0, document, text: `build ${build_id} is of the class ${name}: kept until ${expires_at}` });
}
