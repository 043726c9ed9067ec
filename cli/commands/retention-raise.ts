import { type Config } from '../../core/config.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { type WantedClass, changePortsOf } from '../../core/retention/change.ts';
import { type RetentionRaiseDocument } from '../../core/retention/documents.ts';
import { raiseDocument } from '../../core/retention/raise-document.ts';
import { raiseClass } from '../../core/retention/raise.ts';
import { type Answer } from '../answer.ts';
import { type Embedded } from '../embedded.ts';
import { findBuild } from '../find-build.ts';

/** `retention raise <build> <class>`: all that it left is kept as the higher class says. */
export async function retentionRaise(
  embedded: Embedded,
  { retention }: Config,
  typed: string,
  wanted: WantedClass,
): Promise<Outcome<Answer>> {
  const found = await findBuild(embedded, typed);
  if (!found.ok) return found;
  const raised = await raiseClass(changePortsOf(embedded), retention, found.value.build_id, wanted);
  if (!raised.ok) return raised;
  return success(raiseAnswer(raiseDocument(raised.value, retention)));
}

/** A build that was raised, whichever dispatcher has it. */
export function raiseAnswer(document: RetentionRaiseDocument): Answer {
  const { build_id: id, class: name, expires_at: expires } = document;
  return { exitCode: 0, document, text: `build ${id} is of the class ${name}: kept until ${expires}` };
}
