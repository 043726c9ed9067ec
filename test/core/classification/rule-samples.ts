import { awsSamples } from './rule-samples/aws.ts';
import { cloudsSamples } from './rule-samples/clouds.ts';
import { guestSamples } from './rule-samples/guest.ts';
import { networkSamples } from './rule-samples/network.ts';
import { packerSamples } from './rule-samples/packer.ts';
import { type Samples } from './rule-samples/samples.ts';

/** For each row of the table a text that it takes, and a near miss that it leaves. */
export const samples: Samples = { ...awsSamples, ...cloudsSamples, ...packerSamples, ...guestSamples, ...networkSamples };
