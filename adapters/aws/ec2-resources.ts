import { DescribeImagesCommand, DescribeSnapshotsCommand, DescribeVolumesCommand, type EC2Client } from '@aws-sdk/client-ec2';

import { type Ec2Kind } from './ec2-claims.ts';
import { explained } from './service-failure.ts';

/** What EC2 knows of something. */
export interface Ec2Resource {
  readonly id: string;
  /** Null where EC2 shows nothing but the account's own. */
  readonly owner: string | null;
  /** Milliseconds since 1970; null where EC2 does not tell. */
  readonly made: number | null;
  /** Of an image, in EC2's words; null for what has no such state. */
  readonly state: string | null;
}

/** What it takes to look for each kind. */
const actions = { images: 'ec2:DescribeImages', volumes: 'ec2:DescribeVolumes', snapshots: 'ec2:DescribeSnapshots' } as const;

/** A filter takes so many values at most. */
const mostValues = 200;

/**
 * What EC2 knows of some images, volumes or snapshots of a region. What is not there is left out: the ids go into a filter,
 * since one that is asked for by its id and is not there would be an error for all.
 *
 * @throws FailureError STORAGE where EC2 refuses or does not answer.
 */
export async function describeEc2(
  client: EC2Client,
  region: string,
  kind: Ec2Kind,
  ids: readonly string[],
): Promise<readonly Ec2Resource[]> {
  const found: Ec2Resource[] = [];
  const called = { what: `EC2 in ${region}`, action: actions[kind], subject: `the ${kind} that a run claims` };
  for (let start = 0; start < ids.length; start += mostValues)
    found.push(...(await explained(called, () => describe(client, kind, ids.slice(start, start + mostValues)))));
  return found;
}

async function describe(client: EC2Client, kind: Ec2Kind, ids: readonly string[]): Promise<readonly Ec2Resource[]> {
  const filtered = (name: string) => ({ Filters: [{ Name: name, Values: [...ids] }] });
  switch (kind) {
    case 'images': {
      const { Images = [] } = await client.send(new DescribeImagesCommand(filtered('image-id')));
      return Images.map((image) => ({
        id: image.ImageId ?? '',
        owner: image.OwnerId ?? 'nobody knows whom',
        made: timeOf(image.CreationDate === undefined ? undefined : new Date(image.CreationDate)),
        state: image.State ?? null,
      }));
    }
    case 'volumes': {
      const { Volumes = [] } = await client.send(new DescribeVolumesCommand(filtered('volume-id')));
      return Volumes.map((volume) => ({ id: volume.VolumeId ?? '', owner: null, made: timeOf(volume.CreateTime), state: null }));
    }
    case 'snapshots': {
      const { Snapshots = [] } = await client.send(new DescribeSnapshotsCommand(filtered('snapshot-id')));
      return Snapshots.map((snapshot) => ({
        id: snapshot.SnapshotId ?? '',
        owner: snapshot.OwnerId ?? 'nobody knows whom',
        made: timeOf(snapshot.StartTime),
        state: null,
      }));
    }
  }
}

function timeOf(date: Date | undefined): number | null {
  const time = date?.getTime() ?? Number.NaN;
  return Number.isNaN(time) ? null : time;
}
