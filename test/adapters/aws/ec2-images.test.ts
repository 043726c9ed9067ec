import {
  CreateImageCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { ec2Images } from '../../../adapters/aws/ec2-images.ts';
import { type Artifact } from '../../../core/artifact.ts';
import { ownRules } from '../../../core/classification/own-rules.ts';
import { artifactCheckContract } from '../../contracts/artifact-check.ts';
import { callsOf } from '../../fixtures/aws/calls-of.ts';
import { type Moto, describeWithMoto, motoAccount, motoRegion, startMoto } from '../../fixtures/aws/moto.ts';
import { type ScriptedEndpoint, startScriptedEndpoint } from '../../fixtures/aws/scripted-endpoint.ts';
import { someTime } from '../../fixtures/records.ts';

const claimed = (id: string, changes: Partial<Artifact> = {}): Artifact => ({
  id,
  type: 'amazon-ebs',
  builder_id: 'mitchellh.amazonebs',
  name: 'amazon-ebs.base',
  files: [],
  ...changes,
});
const other = 'eu-west-1';
const there = { state: 'there' };
const isFalse = (failure: object) => ({ state: 'false', failure });

describeWithMoto('what a run claims of EC2', () => {
  let moto: Moto;
  const clients = new Map<string, EC2Client>();
  const clientOf = (region: string) => {
    const known = clients.get(region) ?? new EC2Client({ ...moto.clientOptions, region });
    clients.set(region, known);
    return known;
  };
  const check = (options: { account?: string } = {}) => ec2Images(clientOf, { account: motoAccount, region: motoRegion, ...options });
  const now = { after: 0, accounts: [] as string[] };
  beforeAll(async () => {
    moto = await startMoto();
    now.after = Date.now();
  });
  afterAll(() => moto.end());

  let images = 0;
  const baseImages = new Map<string, string>();
  const baseImage = async (region: string) => {
    const known = baseImages.get(region) ?? (await clientOf(region).send(new DescribeImagesCommand({}))).Images?.[0]?.ImageId ?? '';
    baseImages.set(region, known);
    return known;
  };
  const newImage = async (region = motoRegion) => {
    const client = clientOf(region);
    const { Instances = [] } = await client.send(
      new RunInstancesCommand({ ImageId: await baseImage(region), MinCount: 1, MaxCount: 1, InstanceType: 't3.micro' }),
    );
    images += 1;
    const { ImageId } = await client.send(new CreateImageCommand({ InstanceId: Instances[0]?.InstanceId ?? '', Name: `image-${images}` }));
    return `${region}:${ImageId}`;
  };

  artifactCheckContract('EC2', async () => {
    // Further away than clocks may differ.
    const margin = 600_000;
    const before = Date.now() - margin;
    const made = [await newImage(), await newImage(other)].map((id) => claimed(id));
    return { check: check(), made, before, after: Date.now() + margin, missing: claimed(`${motoRegion}:ami-0123456789abcdef0`) };
  });

  it('holds where its images are there, ours and new, in each region', async () => {
    const ids = [await newImage(), await newImage(other)];
    expect(await check().look([claimed(ids.join(','))], now)).toEqual(there);
  });

  it('holds where its volumes and snapshots are there, and new', async () => {
    const client = clientOf(motoRegion);
    const { VolumeId = '' } = await client.send(new CreateVolumeCommand({ AvailabilityZone: `${motoRegion}a`, Size: 1 }));
    const { SnapshotId } = await client.send(new CreateSnapshotCommand({ VolumeId }));
    const artifact = claimed(`${motoRegion}:${SnapshotId},${motoRegion}:${VolumeId}`, {
      type: null,
      builder_id: 'mitchellh.amazon.ebsvolume',
    });
    expect(await check().look([artifact], now)).toEqual(there);
    expect(await check().look([artifact], { ...now, after: Date.now() + 600_000 })).toMatchObject(
      isFalse({ evidence: [expect.anything(), expect.anything()] }),
    );
    const missing = claimed(`${motoRegion}:vol-0123456789abcdef0`, { builder_id: 'mitchellh.amazon.ebsvolume' });
    expect(await check().look([missing], now)).toMatchObject({ state: 'absent' });
  });

  it('is absent where an image does not show, once EC2 was asked once', async () => {
    const id = await newImage();
    await clientOf(motoRegion).send(new DeregisterImageCommand({ ImageId: id.split(':')[1] ?? '' }));
    const other = await newImage();
    const calls = callsOf(clientOf(motoRegion));
    expect(await check().look([claimed(`${other},${id}`)], now)).toMatchObject({
      state: 'absent',
      failure: {
        rule: 'ARTIFACT_UNCONFIRMED',
        message: expect.stringContaining(`${id.split(':')[1]}, which EC2 in ${motoRegion} does not show to the account ${motoAccount}`),
        remedy: expect.stringMatching(/aws\.image_accounts.*quarantine release/),
        evidence: [expect.stringContaining(id)],
      },
    });
    expect(calls).toHaveLength(1);
    expect(ownRules.ARTIFACT_UNCONFIRMED.exit_code).toBe(3);
  });

  it('is absent where an image is in another region than the run says', async () => {
    const [, id] = (await newImage(other)).split(':');
    expect(await check().look([claimed(`${motoRegion}:${id}`)], now)).toMatchObject({ state: 'absent' });
  });

  it("is a violation where an image is somebody else's, at once", async () => {
    const { Images = [] } = await clientOf(motoRegion).send(new DescribeImagesCommand({ Owners: ['amazon'] }));
    const foreign = `${motoRegion}:${Images[0]?.ImageId}`;
    expect(await check().look([claimed(foreign)], { ...now, after: 0 })).toMatchObject(
      isFalse({
        rule: 'ARTIFACT_UNCONFIRMED',
        message: expect.stringMatching(/belongs to the account \d+, not to 123456789012/),
        remedy: expect.stringContaining('aws.image_accounts'),
      }),
    );
    const own = await newImage();
    expect(await check({ account: '210987654321' }).look([claimed(own)], now)).toMatchObject(
      isFalse({ message: expect.stringContaining(`belongs to the account ${motoAccount}`) }),
    );
  });

  it('holds where an image belongs to an account that the builder names, and is shared with this one', async () => {
    const own = await newImage();
    const named = { ...now, accounts: ['345678901234', motoAccount] };
    expect(await check({ account: '210987654321' }).look([claimed(own)], named)).toEqual(there);
    expect(await check({ account: '210987654321' }).look([claimed(own)], { ...now, accounts: ['345678901234'] })).toMatchObject(
      isFalse({ message: expect.stringContaining(`the account ${motoAccount}, not to 210987654321 or 345678901234`) }),
    );
    expect(await check({ account: '210987654321' }).look([claimed(own)], { ...named, after: Date.now() + 600_000 })).toMatchObject(
      isFalse({ message: expect.stringContaining('was made at') }),
    );
  });

  it('is a violation where an image is older than the attempt, beyond what clocks differ', async () => {
    const id = await newImage();
    const made = Date.now();
    expect(await check().look([claimed(id)], { ...now, after: made + 60_000 })).toEqual(there);
    expect(await check().look([claimed(id)], { ...now, after: made + 180_000 })).toMatchObject(
      isFalse({ rule: 'ARTIFACT_UNCONFIRMED', message: expect.stringMatching(/was made at .*, but the attempt began at /) }),
    );
  });

  it('is a violation where a region is none that the account has enabled, and that region is not spoken to', async () => {
    const asked: string[] = [];
    const ec2 = ec2Images(
      (region) => {
        asked.push(region);
        return clientOf(region);
      },
      { account: motoAccount, region: motoRegion },
    );
    expect(await ec2.look([claimed('xx-nowhere-9:ami-0123456789abcdef0')], now)).toMatchObject(
      isFalse({ rule: 'ARTIFACT_UNCONFIRMED', message: expect.stringContaining('xx-nowhere-9, a region that the account') }),
    );
    expect(asked).toEqual([motoRegion]);
  });

  it('tells of each artifact that does not hold, and looks at each image once', async () => {
    const good = await newImage();
    const bad = ['1', '2'].map((digit) => `${motoRegion}:ami-${digit.repeat(17)}`);
    const found = await check().look([claimed(`${good},${bad[0]}`), claimed(`${bad[1]},${bad[0]}`)], now);
    expect(found).toMatchObject({
      state: 'absent',
      failure: {
        message: expect.stringMatching(/ami-1{17}.* and 1 more/),
        evidence: bad.map((id) => expect.stringContaining(id) as string),
      },
    });
  });

  it.each([
    ['an id that is none', 'ami-0123456789abcdef0'],
    ['a region that is none', 'evil.example/:ami-0123456789abcdef0'],
    ['an id and more', `${motoRegion}:ami-0123456789abcdef0;x`],
    ['a file', 'out/image.raw'],
  ])('is a violation where an amazon builder claims %s', async (_, id) => {
    for (const artifact of [claimed(id), claimed(id, { builder_id: null }), claimed(id, { type: null })])
      expect(await check().look([artifact], now)).toMatchObject(
        isFalse({ rule: 'ARTIFACT_UNCONFIRMED', message: expect.stringContaining(id) }),
      );
  });

  it('is looked at whatever type an artifact says it is', async () => {
    const liar = claimed(`${motoRegion}:ami-0123456789abcdef0`, { type: 'file', builder_id: 'packer.file' });
    expect(await check().look([liar], now)).toMatchObject({ state: 'absent', failure: { rule: 'ARTIFACT_UNCONFIRMED' } });
  });

  it('is not judged where it is no resource of EC2, and nothing is asked then', async () => {
    const calls = callsOf(clientOf(motoRegion));
    const elsewhere = [
      claimed('out/motd.txt', { type: 'file', builder_id: 'packer.file', files: ['out/motd.txt'] }),
      claimed('sha256:0123456789abcdef', { type: 'docker', builder_id: 'packer.post-processor.docker-tag' }),
      claimed('box', { builder_id: null, files: ['a.box'] }),
      claimed('eu-west-2:ami-01234567', { type: 'outscale-bsu', builder_id: 'oapi.outscale.bsu' }),
      claimed('', { type: 'amazon-ebsvolume', builder_id: 'mitchellh.amazon.ebsvolume' }),
    ];
    for (const artifact of elsewhere) expect(await check().look([artifact], now)).toEqual(there);
    expect(await check().look([], now)).toEqual(there);
    expect(calls).toEqual([]);
  });

  it('is a violation where it is more than any build makes, and nothing is asked then', async () => {
    const calls = callsOf(clientOf(motoRegion));
    const ids = Array.from({ length: 1001 }, (_, n) => `${motoRegion}:ami-${n.toString(16).padStart(17, '0')}`);
    expect(await check().look([claimed(ids.join(','))], now)).toMatchObject(
      isFalse({ rule: 'ARTIFACT_UNCONFIRMED', message: expect.stringContaining('1001') }),
    );
    expect(calls).toEqual([]);
  });
});

describe('what a run claims of an EC2 that answers as a test says', () => {
  let endpoint: ScriptedEndpoint | undefined;
  afterEach(() => endpoint?.end());

  const image = (id: string, changes: { state?: string; made?: string } = {}) =>
    `<item><imageId>${id}</imageId><imageOwnerId>${motoAccount}</imageOwnerId><imageState>${changes.state ?? 'available'}</imageState>` +
    `<creationDate>${changes.made ?? '2026-11-22T10:05:00.000Z'}</creationDate></item>`;
  const imagesOf = (...items: readonly string[]) =>
    `<DescribeImagesResponse><imagesSet>${items.join('')}</imagesSet></DescribeImagesResponse>`;
  const lookWith = (scripted: ScriptedEndpoint, artifact: Artifact) => {
    const client = new EC2Client({ ...scripted.clientOptions, maxAttempts: 1 });
    return ec2Images(() => client, { account: motoAccount, region: motoRegion }).look([artifact], { after: someTime, accounts: [] });
  };
  const id = 'ami-0123456789abcdef0';

  it('is false where one image is, though another does not show', async () => {
    endpoint = await startScriptedEndpoint((_, response) => response.end(imagesOf(image(id, { made: '2020-01-01T00:00:00.000Z' }))));
    expect(await lookWith(endpoint, claimed(`${motoRegion}:${id},${motoRegion}:ami-11111111`))).toMatchObject(
      isFalse({ evidence: [expect.stringContaining(id)] }),
    );
  });

  it.each(['failed', 'invalid', 'deregistered', 'error'])('is a violation where an image is %s', async (state) => {
    endpoint = await startScriptedEndpoint((_, response) => response.end(imagesOf(image(id, { state }))));
    expect(await lookWith(endpoint, claimed(`${motoRegion}:${id}`))).toMatchObject(
      isFalse({ message: expect.stringContaining(`is ${state}`) }),
    );
  });

  it('is a violation where EC2 does not tell when an image was made', async () => {
    endpoint = await startScriptedEndpoint((_, response) => response.end(imagesOf(image(id, { made: 'once' }))));
    expect(await lookWith(endpoint, claimed(`${motoRegion}:${id}`))).toMatchObject(
      isFalse({ message: expect.stringContaining('nobody knows when') }),
    );
  });

  it.each([
    [503, 'RequestLimitExceeded'],
    [403, 'UnauthorizedOperation'],
  ])('is no verdict where EC2 answers %d %s: the check throws, to be asked again', async (status, code) => {
    endpoint = await startScriptedEndpoint((_, response) => {
      response.writeHead(status).end(`<Response><Errors><Error><Code>${code}</Code><Message>no</Message></Error></Errors></Response>`);
    });
    await expect(lookWith(endpoint, claimed(`${motoRegion}:${id}`))).rejects.toMatchObject({
      failure: { rule: 'STORAGE', message: expect.stringMatching(new RegExp(`${motoRegion} .*images .*${code}`)) },
    });
  });

  it('is asked for 200 images at a time', async () => {
    endpoint = await startScriptedEndpoint((asked, response) => {
      const ids = [...new URLSearchParams(asked.body).entries()]
        .filter(([name]) => name.startsWith('Filter.1.Value'))
        .map(([, value]) => value);
      response.end(imagesOf(...ids.map((each) => image(each))));
    });
    const ids = Array.from({ length: 450 }, (_, n) => `${motoRegion}:ami-${n.toString(16).padStart(17, '0')}`);
    expect(await lookWith(endpoint, claimed(ids.join(',')))).toEqual(there);
    expect(endpoint.asked).toHaveLength(3);
  });
});
