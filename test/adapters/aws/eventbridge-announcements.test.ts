import { randomUUID } from 'node:crypto';
import { CreateEventBusCommand, EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { eventBridgeAnnouncements } from '../../../adapters/aws/eventbridge-announcements.ts';
import { announcementsContract, finalState } from '../../contracts/announcements.ts';
import { type Cut, cutInto } from '../../fixtures/aws/cut-off.ts';
import { newInbox } from '../../fixtures/aws/inbox.ts';
import { type Moto, describeWithMoto, startMoto } from '../../fixtures/aws/moto.ts';
import { type ScriptedEndpoint, startScriptedEndpoint } from '../../fixtures/aws/scripted-endpoint.ts';
import { buildIdOf } from '../../fixtures/records.ts';

/** The parts of an event that its rules match, and its detail. */
interface BusEvent {
  readonly source: string;
  readonly 'detail-type': string;
  readonly time: string;
  readonly detail: unknown;
}

describeWithMoto('announcements on an event bus', () => {
  let moto: Moto;
  let client: EventBridgeClient;
  beforeAll(async () => {
    moto = await startMoto();
    client = new EventBridgeClient(moto.clientOptions);
  });
  afterAll(() => moto.end());

  /** A bus with a rule that brings what it matches to a queue. */
  const newBus = async (pattern: object) => {
    const bus = `bus-${randomUUID()}`;
    await client.send(new CreateEventBusCommand({ Name: bus }));
    const inbox = await newInbox(new SQSClient(moto.clientOptions));
    await client.send(new PutRuleCommand({ Name: bus, EventBusName: bus, EventPattern: JSON.stringify(pattern) }));
    await client.send(new PutTargetsCommand({ Rule: bus, EventBusName: bus, Targets: [{ Id: 'inbox', Arn: inbox.arn }] }));
    const events = async () => (await inbox.all()).map((body) => JSON.parse(body) as BusEvent);
    return { bus, events };
  };

  announcementsContract('an event bus', async () => {
    const { bus, events } = await newBus({ source: ['hybridcore.packer'] });
    const cuts: Cut[] = [];
    return {
      async open() {
        const own = new EventBridgeClient({ ...moto.clientOptions, maxAttempts: 1 });
        cuts.push(cutInto(own, 'PutEventsCommand'));
        return eventBridgeAnnouncements(own, bus);
      },
      heard: async () => (await events()).map(({ detail }) => detail),
      async cutOff(isCut) {
        for (const cut of cuts) cut.isCut = isCut;
      },
      remove: async () => undefined,
    };
  });

  it('are found by source, detail type and state, and carry the time at which the build ended', async () => {
    const { bus, events } = await newBus({
      source: ['hybridcore.packer'],
      'detail-type': ['Build Ended'],
      detail: { state: ['quarantined'] },
    });
    const announcements = eventBridgeAnnouncements(client, bus);
    await announcements.announce(finalState(1));
    await announcements.announce(finalState(2, { state: 'quarantined', exit_code: 3 }));
    const heard = await events();
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatchObject({
      source: 'hybridcore.packer',
      'detail-type': 'Build Ended',
      time: '2026-11-22T10:00:02Z',
      detail: { build_id: buildIdOf(2) },
    });
  });
});

describe('an event bus that answers as a test says', () => {
  let endpoint: ScriptedEndpoint | undefined;
  afterEach(() => endpoint?.end());

  it('that answers well and has not taken the event is a failure with its reason', async () => {
    endpoint = await startScriptedEndpoint((_, response) => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'ThrottlingException', ErrorMessage: 'slower' }] }));
    });
    const announcements = eventBridgeAnnouncements(new EventBridgeClient(endpoint.clientOptions), 'bus');
    await expect(announcements.announce(finalState(1))).rejects.toMatchObject({
      failure: { rule: 'STORAGE', message: expect.stringMatching(new RegExp(`${buildIdOf(1)}.*ThrottlingException: slower`)) },
    });
  });

  it('that refuses the call is a failure with its reason', async () => {
    endpoint = await startScriptedEndpoint((_, response) => {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify({ __type: 'AccessDeniedException', message: 'not events:PutEvents' }));
    });
    const announcements = eventBridgeAnnouncements(new EventBridgeClient(endpoint.clientOptions), 'bus');
    await expect(announcements.announce(finalState(1))).rejects.toMatchObject({
      failure: { message: expect.stringContaining('AccessDeniedException'), remedy: expect.stringContaining('permission') },
    });
  });
});
