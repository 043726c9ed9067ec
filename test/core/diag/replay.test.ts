import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';

import { DiagVerdicts } from '../../../core/diag/bundle-documents.ts';
import { type BuildId } from '../../../core/identity.ts';
import { stopBuild } from '../../../core/stop.ts';
import { type Dispatcher, dispatcher, inputsFingerprint, successLog } from '../../fixtures/dispatcher.ts';
import { documentOf, ended, failedPacker, failedScript, mirrorLine, packed, played, running, tamper } from './bundles.ts';

let home: Dispatcher;

beforeEach(async () => {
  home = await dispatcher();
});

const denied = [
  '1795378213,amazon-ebs.x,error,Error launching source instance: UnauthorizedOperation: You are not authorized to perform this operation.\\n\\tstatus code: 403%!(PACKER_COMMA) request id: 1',
  '1795378213,,error-count,1',
];
const cancelled = [
  '1795378213,,ui,error,Cancelling build after receiving terminated',
  "1795378213,,ui,say,Build 'null.x' finished after 3 seconds.",
  '1795378213,,ui,say,Cleanly cancelled builds after being interrupted.',
];

/** Each way in which an attempt comes to its verdict, with the rule that it is. */
const ways: readonly (readonly [what: string, rule: string, make: () => Promise<BuildId>])[] = [
  [
    'a success',
    'SUCCESS',
    async () => {
      const id = await running(home);
      await ended(home, id);
      return id;
    },
  ],
  [
    'a success of which the record of a post-processor alone tells',
    'SUCCESS',
    async () => {
      const id = await running(home);
      const artifact = { id: 'File', type: 'file', builder_id: null, name: 'image', files: [] };
      await ended(home, id, { recorded: [artifact] }, successLog.slice(-1));
      return id;
    },
  ],
  [
    'an end without an artifact',
    'NO_EVIDENCE',
    async () => {
      const id = await running(home);
      await ended(home, id, {}, successLog.slice(-1));
      return id;
    },
  ],
  [
    'a script that failed',
    'SCRIPT_EXIT',
    async () => {
      const id = await running(home);
      await ended(home, id, failedPacker, failedScript('nothing that a rule knows'), 'FAILED');
      return id;
    },
  ],
  [
    'a mirror that is down',
    'APT_MIRROR',
    async () => {
      const id = await running(home);
      await ended(home, id, failedPacker, failedScript(mirrorLine), 'FAILED');
      return id;
    },
  ],
  [
    'a call that was denied, though packer exited with 0',
    'AWS_UNAUTHORIZED',
    async () => {
      const id = await running(home);
      await ended(home, id, {}, [...denied, ...successLog]);
      return id;
    },
  ],
  [
    'packer ended by a signal',
    'INTERRUPTED',
    async () => {
      const id = await running(home);
      await ended(home, id, { packer: { exit_code: null, signal: 'SIGKILL' } }, ['1795378213,,ui,say,==> null.x: at work'], 'FAILED');
      return id;
    },
  ],
  [
    'a stop by an operator',
    'STOPPED',
    async () => {
      const id = await running(home);
      await stopBuild(home.ports, id, 'ops');
      await ended(home, id, { ...failedPacker, interrupted: 'stop' }, cancelled, 'FAILED');
      return id;
    },
  ],
  [
    'an interruption that nobody asked for, and a stop while its retry waits',
    'INTERRUPTED',
    async () => {
      const id = await running(home);
      await ended(home, id, { ...failedPacker, interrupted: 'stop' }, cancelled, 'FAILED');
      home.pass(1000);
      await stopBuild(home.ports, id, 'ops');
      await home.step();
      return id;
    },
  ],
  [
    'a time limit',
    'TIMED_OUT',
    async () => {
      const id = await running(home);
      await ended(home, id, { ...failedPacker, interrupted: 'time-limit' }, cancelled, 'FAILED');
      return id;
    },
  ],
  [
    'inputs that changed meanwhile, though packer did well',
    'INPUTS_CHANGED',
    async () => {
      const id = await running(home);
      await ended(home, id, { failure: { rule: 'INPUTS_CHANGED', message: 'they did', remedy: 'build again' } }, undefined, 'FAILED');
      return id;
    },
  ],
  [
    'a secret among the inputs, so that packer did not run',
    'INPUT_SECRET',
    async () => {
      const id = await running(home);
      await ended(
        home,
        id,
        { packer: null, failure: { rule: 'INPUT_SECRET', message: 'a token', remedy: 'take it out' } },
        undefined,
        'FAILED',
      );
      return id;
    },
  ],
  [
    'inputs that are unchanged, as the attempt found',
    'UNCHANGED',
    async () => {
      const first = await running(home, { variables: { n: 'same' } });
      await ended(home, first);
      const id = await running(home, { variables: { n: 'same' }, only_if_changed: true });
      await ended(home, id, { packer: null, unchanged: true, fingerprint: inputsFingerprint });
      return id;
    },
  ],
  [
    'a report that lies',
    'HANDOVER_INVALID',
    async () => {
      const id = await running(home);
      await ended(home, id, { finished_at: '9998-01-01T00:00:00.000Z' });
      return id;
    },
  ],
  [
    'an image that is not there',
    'ARTIFACT_UNCONFIRMED',
    async () => {
      home.ports.artifactCheck.look = async () => ({
        state: 'false',
        failure: { rule: 'ARTIFACT_UNCONFIRMED', message: 'it is older than the attempt', remedy: 'find out' },
      });
      const id = await running(home);
      await ended(home, id);
      return id;
    },
  ],
  [
    'a run that left nothing',
    'RUN_LOST',
    async () => {
      const id = await running(home);
      home.service.end('FAILED');
      await home.step();
      return id;
    },
  ],
  [
    'a run that left nothing, of which the build service says why',
    'CB_IMAGE_PULL',
    async () => {
      const id = await running(home);
      const phase = {
        phase: 'PROVISIONING',
        status: 'FAILED',
        started_at: '2026-11-22T10:00:00.000Z',
        finished_at: '2026-11-22T10:01:00.000Z',
      };
      home.service.show({
        status: 'FAILED',
        finished_at: '2026-11-22T10:05:00.000Z',
        phases: [
          {
            ...phase,
            contexts: [
              {
                status_code: 'BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE',
                message: 'Unable to pull customer’s container image. CannotPullContainerError: toomanyrequests',
              },
            ],
          },
        ],
      });
      await home.step();
      return id;
    },
  ],
];

describe('from a bundle alone the verdict is given again as it was', () => {
  it.each(ways)('on %s (%s)', async (_, rule, make) => {
    const bundle = await packed(home, await make());
    const { attempts } = played(bundle);
    expect(attempts.length).toBeGreaterThan(0);
    expect(attempts.map(({ outcome }) => outcome)).toEqual(attempts.map(() => 'same'));
    expect(attempts[0]?.was?.rule).toBe(rule);
    const recorded = DiagVerdicts.parse(documentOf(bundle, 'verdicts.json'));
    expect(attempts[0]?.was).toMatchObject({ exit_code: recorded.attempts[0]?.verdict?.exit_code });
  });

  it('on nothing, where no attempt was made or started', async () => {
    home.service.answerNext({ state: 'refused', failure: { rule: 'SERVICE_REFUSED', message: 'no project', remedy: 'deploy it' } });
    const refused = await running(home);
    expect(played(await packed(home, refused)).attempts).toMatchObject([{ outcome: 'not-judged', was: null, is: null }]);
    const [, waiting] = [await running(home), await home.accepted()];
    expect(played(await packed(home, waiting)).attempts).toEqual([]);
  });

  it('but not where the log that it rests on is gone', async () => {
    const id = await running(home);
    await ended(home, id);
    await tamper(home, `state/packer/logs/base/${id}/1.log.gz`, () => null);
    expect(played(await packed(home, id)).attempts).toMatchObject([
      { outcome: 'cannot-be-judged', was: { rule: 'SUCCESS' }, on: expect.stringContaining('is not there any more') as string },
    ]);
  });

  it('and not where the log is another one than was recorded, which is no change of a rule', async () => {
    const id = await running(home);
    await ended(home, id, failedPacker, failedScript('nothing that a rule knows'), 'FAILED');
    await tamper(home, `state/packer/logs/base/${id}/1.log.gz`, (before) =>
      gzipSync(gunzipSync(before).toString().replace('nothing that a rule knows', mirrorLine)),
    );
    expect(played(await packed(home, id)).attempts).toMatchObject([
      {
        outcome: 'cannot-be-judged',
        was: { rule: 'SCRIPT_EXIT' },
        is: null,
        on: expect.stringMatching(/^attempt-1\/packer\.log is not the log that was recorded: its digest is /) as string,
      },
    ]);
  });
});
