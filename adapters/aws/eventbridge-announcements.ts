import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';

import { finalStateEvent } from '../../core/contract/deployment.ts';
import { type Announcements } from '../../core/ports.ts';
import { explained, partFailure } from './service-failure.ts';

/**
 * Announcements as events on a bus, whose source and detail type are those of `finalStateEvent` and whose time is the
 * build's end. The same end is announced again with the same detail, so listeners can tell it by its `build_id`.
 *
 * @param bus the name of the event bus.
 * @returns announcements that throw FailureError STORAGE where the bus has not taken the event, also where EventBridge
 * answers well and says in the answer that the entry failed.
 */
export function eventBridgeAnnouncements(client: EventBridgeClient, bus: string): Announcements {
  return {
    async announce(end) {
      const called = {
        what: `the event bus ${bus}`,
        action: 'events:PutEvents',
        subject: `the event that ${end.build_id} has ended (${end.state})`,
      };
      const { source, detailType } = finalStateEvent;
      const entry = {
        EventBusName: bus,
        Source: source,
        DetailType: detailType,
        Time: new Date(end.finished_at),
        Detail: JSON.stringify(end),
      };
      const answer = await explained(called, () => client.send(new PutEventsCommand({ Entries: [entry] })));
      if (answer.FailedEntryCount === 0) return;
      const failed = answer.Entries?.find(({ ErrorCode }) => ErrorCode !== undefined);
      throw partFailure(called, { name: failed?.ErrorCode ?? 'an entry that failed', message: failed?.ErrorMessage ?? '' });
    },
  };
}
