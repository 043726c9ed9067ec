import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { timestamp } from '../../core/identity.ts';
import { type Announcements, type FinalState } from '../../core/ports.ts';
import { buildIdOf, builderNamed, someTime } from '../fixtures/records.ts';

/** A place where nothing was announced yet. */
export interface AnnouncementsUnderTest {
  /** Another client of the same place. */
  open(): Promise<Announcements>;
  /** What reached the listeners, as it reached them. */
  heard(): Promise<readonly unknown[]>;
  /** Lets nothing through, from any client that is open, until it is told otherwise. */
  cutOff(isCutOff: boolean): Promise<void>;
  remove(): Promise<void>;
}

/** The n-th build's end. */
export function finalState(n: number, changes: Partial<FinalState> = {}): FinalState {
  return {
    build_id: buildIdOf(n),
    builder: builderNamed('debian-base'),
    state: 'succeeded',
    exit_code: 0,
    rule: 'SUCCESS',
    attempts: 1,
    requested_by: 'tester',
    finished_at: timestamp(someTime + n * 1000),
    result_path: `state/packer/results/debian-base/${buildIdOf(n)}.json`,
    summary_path: `state/packer/logs/debian-base/${buildIdOf(n)}.json`,
    manifest_path: `artifacts/debian-base/${buildIdOf(n)}.hash.json`,
    ...changes,
  };
}

/** What every adapter of `Announcements` promises. Registers its tests. */
export function announcementsContract(name: string, make: () => Promise<AnnouncementsUnderTest>): void {
  describe(`${name} keeps the contract of announcements`, () => {
    let place: AnnouncementsUnderTest;
    let announcements: Announcements;
    beforeEach(async () => {
      place = await make();
      announcements = await place.open();
    });
    afterEach(() => place.remove());

    it('every end reaches the listeners with all that is known of it', async () => {
      const ends = [
        finalState(1),
        finalState(2, { state: 'quarantined', exit_code: 3, rule: 'INPUT_SECRET', attempts: 1, manifest_path: null }),
        finalState(3, { state: 'escalated', exit_code: 2, rule: 'AWS_CAPACITY', attempts: 2, manifest_path: null }),
        finalState(4, { requested_by: 'arn:aws:sts::123456789012:assumed-role/a "quoted" name/é 🦀\n' }),
      ];
      for (const end of ends) await announcements.announce(end);
      const heard = await place.heard();
      expect(heard).toHaveLength(ends.length);
      expect(heard).toEqual(expect.arrayContaining(ends));
    });

    it('an end that is announced again is no error, and says the same', async () => {
      await announcements.announce(finalState(1));
      await (await place.open()).announce(finalState(1));
      const heard = await place.heard();
      expect(heard.length).toBeGreaterThanOrEqual(1);
      for (const each of heard) expect(each).toEqual(finalState(1));
    });

    it('an end that cannot be announced is an error, and reaches them when it is tried again', async () => {
      await place.cutOff(true);
      await expect(announcements.announce(finalState(1))).rejects.toThrow();
      expect(await place.heard()).toEqual([]);
      await place.cutOff(false);
      await announcements.announce(finalState(1));
      expect(await place.heard()).toEqual([finalState(1)]);
    });
  });
}
