import { type Dispatched } from '../../core/dispatch.ts';
import { type Failure } from '../../core/failure.ts';
import { type BuilderName } from '../../core/identity.ts';

/** What a person should hear of a schedule on this machine. Times are as `scheduledTimeText` writes them. */
export type ScheduleNews =
  | { readonly news: 'fired'; readonly builder: BuilderName; readonly time: string; readonly dispatched: Dispatched }
  /** Its request was refused; told again only when it is refused for another reason, or has been taken meanwhile. */
  | { readonly news: 'refused'; readonly builder: BuilderName; readonly time: string; readonly failure: Failure }
  /** The world failed it; it is tried again, and told once for each time. */
  | { readonly news: 'failed'; readonly builder: BuilderName; readonly time: string; readonly problem: unknown }
  /** Nobody was there from its first missed time on. The latest is made up for; null where that is too old. */
  | { readonly news: 'missed'; readonly builder: BuilderName; readonly first: string; readonly madeUpFor: string | null }
  /** No time of it comes any more. */
  | { readonly news: 'over'; readonly builder: BuilderName; readonly expression: string };

/** The news in a sentence. What a problem says may hold anything. */
export function scheduleNewsText(news: ScheduleNews): string {
  const of = `schedule of ${news.builder}`;
  switch (news.news) {
    case 'fired': {
      const { build, how } = news.dispatched;
      const sentences = {
        accepted: `the build ${build.build_id}`,
        joined: `it joined the build ${build.build_id}, which waits`,
        known: `it was asked for already: the build ${build.build_id}`,
      } as const;
      return `${of}, ${news.time}: ${sentences[how]}`;
    }
    case 'refused':
      return `${of}, ${news.time}: refused (${news.failure.rule}): ${news.failure.message}; ${news.failure.remedy}`;
    case 'failed':
      return `${of}, ${news.time}: could not be asked for, and is tried again: ${news.problem instanceof Error ? news.problem.message : String(news.problem)}`;
    case 'missed':
      return `${of}: nobody was there at ${news.first}; ${news.madeUpFor === null ? 'that is too long ago to be made up for' : `${news.madeUpFor} is made up for`}`;
    case 'over':
      return `${of}: ${news.expression} never comes again; take it out of hybridcore.yaml, or change it`;
  }
}
