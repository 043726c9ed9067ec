import { randomUUID } from 'node:crypto';
import { GetParameterCommand, GetParameterHistoryCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { ssmPointers } from '../../../adapters/aws/ssm-pointers.ts';
import { type Moto, describeWithMoto, motoRegion, startMoto } from '../../fixtures/aws/moto.ts';
import { type ScriptedEndpoint, startScriptedEndpoint } from '../../fixtures/aws/scripted-endpoint.ts';
import { builderNamed } from '../../fixtures/records.ts';

const builder = builderNamed('debian-base');
const [first, second] = ['ami-0a1b2c3d4e5f60718', 'ami-1b2c3d4e5f6071829'];

describeWithMoto('a channel whose pointer is a parameter', () => {
  let moto: Moto;
  let client: SSMClient;
  beforeAll(async () => {
    moto = await startMoto();
    client = new SSMClient(moto.clientOptions);
  });
  afterAll(() => moto.end());

  const newChannel = () => ({ builder, channel: 'latest', parameter: `/images/${randomUUID()}/{channel}` });
  const shown = async ({ parameter }: { parameter: string }) =>
    (await client.send(new GetParameterCommand({ Name: parameter.replace('{channel}', 'latest') }))).Parameter;

  it('shows the AMI of the deployed region, as an image that SSM knows for one, and then the next', async () => {
    const pointers = ssmPointers(client, { region: motoRegion });
    const channel = newChannel();
    expect(await pointers.point(channel, `eu-west-1:ami-2c3d4e5f607182930,${motoRegion}:${first}`)).toEqual({ ok: true, value: undefined });
    expect(await shown(channel)).toMatchObject({ Value: first, Type: 'String', DataType: 'aws:ec2:image' });
    expect(await pointers.point(channel, `${motoRegion}:${second}`)).toMatchObject({ ok: true });
    expect(await shown(channel)).toMatchObject({ Value: second, Version: 2 });
  });

  it('is left as it is where it shows the AMI already', async () => {
    const channel = newChannel();
    for (let n = 0; n < 3; n += 1) await ssmPointers(client, { region: motoRegion }).point(channel, `${motoRegion}:${first}`);
    const { Parameters = [] } = await client.send(
      new GetParameterHistoryCommand({ Name: channel.parameter.replace('{channel}', 'latest') }),
    );
    expect(Parameters).toHaveLength(1);
  });

  it('that is a text with the same value becomes an image', async () => {
    const channel = newChannel();
    await client.send(new PutParameterCommand({ Name: channel.parameter.replace('{channel}', 'latest'), Value: first, Type: 'String' }));
    expect(await ssmPointers(client, { region: motoRegion }).point(channel, `${motoRegion}:${first}`)).toMatchObject({ ok: true });
    expect(await shown(channel)).toMatchObject({ Value: first, DataType: 'aws:ec2:image' });
  });

  it.each([
    ['in no region', 'out/image.qcow2', 0],
    ['in another region only', 'eu-west-1:ami-2c3d4e5f607182930', 0],
    ['twice in the region', `${motoRegion}:${first},${motoRegion}:${second}`, 2],
  ])('is not moved to an artifact that is %s', async (_, image, count) => {
    const channel = newChannel();
    expect(await ssmPointers(client, { region: motoRegion }).point(channel, image)).toMatchObject({
      ok: false,
      failure: { rule: 'POINTER_REFUSED', message: expect.stringContaining(`${count} AMIs in ${motoRegion}`) },
    });
    await expect(shown(channel)).rejects.toMatchObject({ name: 'ParameterNotFound' });
  });
});

describe('a parameter of an SSM that answers as a test says', () => {
  let endpoint: ScriptedEndpoint | undefined;
  afterEach(() => endpoint?.end());

  /** An SSM with one parameter. @param put what becomes of a PutParameter that came. */
  const startSsm = async (value: string | null, put: (wanted: string) => { refuses?: string; showsAfter?: number }) => {
    let standing = value;
    let coming: { value: string; after: number } | undefined;
    return startScriptedEndpoint((asked, response) => {
      const answer = (status: number, body: object) =>
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
      if (String(asked.headers['x-amz-target']).endsWith('PutParameter')) {
        const wanted = (JSON.parse(asked.body) as { Value: string }).Value;
        const { refuses, showsAfter } = put(wanted);
        if (refuses !== undefined) return void answer(400, { __type: refuses, message: 'no' });
        if (showsAfter !== undefined) coming = { value: wanted, after: showsAfter };
        return void answer(200, { Version: 2, Tier: 'Standard' });
      }
      if (coming !== undefined && coming.after-- <= 0) standing = coming.value;
      if (standing === null) answer(400, { __type: 'ParameterNotFound', message: '' });
      else answer(200, { Parameter: { Name: '/p', Value: standing, Type: 'String', DataType: 'aws:ec2:image' } });
    });
  };
  const pointed = async (scripted: ScriptedEndpoint) => {
    const waited: number[] = [];
    const client = new SSMClient({ ...scripted.clientOptions, maxAttempts: 1 });
    const pointers = ssmPointers(client, { region: 'us-east-1', wait: async (milliseconds) => waited.push(milliseconds) });
    const outcome = await pointers.point({ builder, channel: 'latest', parameter: '/p' }, `us-east-1:${second}`);
    return { outcome, waited };
  };

  it('is moved once it shows the AMI, however long SSM looks at it', async () => {
    endpoint = await startSsm(first, () => ({ showsAfter: 3 }));
    expect(await pointed(endpoint)).toEqual({ outcome: { ok: true, value: undefined }, waited: [1000, 1000, 1000] });
  });

  it.each([
    ['shows the old one', first, `shows ${first}`],
    ['was never there', null, 'is not there'],
  ])('for which SSM takes a bad AMI with a smile, and which still %s, is a failure', async (_, standing, said) => {
    endpoint = await startSsm(standing, () => ({}));
    const { outcome, waited } = await pointed(endpoint);
    expect(outcome).toMatchObject({
      ok: false,
      failure: {
        rule: 'POINTER_REFUSED',
        message: expect.stringMatching(new RegExp(`${second}.*/p.*${said}`)),
        remedy: expect.stringContaining('AMI'),
      },
    });
    expect(waited).toHaveLength(14);
  });

  it('that SSM refuses is a failure with its reason, at once', async () => {
    endpoint = await startSsm(first, () => ({ refuses: 'ParameterPatternMismatchException' }));
    const { outcome, waited } = await pointed(endpoint);
    expect(outcome).toMatchObject({ ok: false, failure: { message: expect.stringContaining('ParameterPatternMismatchException') } });
    expect(waited).toEqual([]);
  });

  it('that a role may not write, or that is throttled, is no verdict on the AMI', async () => {
    for (const refuses of ['AccessDeniedException', 'ThrottlingException']) {
      const own = await startSsm(first, () => ({ refuses }));
      await expect(pointed(own)).rejects.toMatchObject({ failure: { rule: 'STORAGE', message: expect.stringContaining(refuses) } });
      await own.end();
    }
  });
});
