import { type Outgoing } from '../scrub/outgoing.ts';
import { type ApiAnswer } from './dispatcher.ts';

/** What is answered passes the hook as everything does that is said. */
export function scrubbedAnswer(outgoing: Outgoing, answer: ApiAnswer): ApiAnswer {
  if (outgoing.isClean(answer.body)) return answer;
  return { ...answer, body: `${JSON.stringify(outgoing.document(JSON.parse(answer.body)))}\n` };
}
