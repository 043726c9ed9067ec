import { type Deployment } from '../core/deployment.ts';
import { BuilderName } from '../core/identity.ts';
import { installedPacker } from './constructs/build-machine.ts';

/** CloudFormation takes 500 resources a stack: what every stack has at most, and what one builder adds at most. */
export const resourceCounts = { inAll: 500, ofStack: 117, ofBuilder: 7 } as const;

/** How many builders one stack has room for. */
export const mostBuilders = Math.floor((resourceCounts.inAll - resourceCounts.ofStack) / resourceCounts.ofBuilder);

/** Why a deployment cannot work, a sentence each, before anything is made of it. */
export function planProblems({ config }: Pick<Deployment, 'config'>): readonly string[] {
  const builders = Object.entries(config.builders);
  const problems =
    builders.length > mostBuilders ? [`there are ${builders.length} builders, and one stack has room for ${mostBuilders}: deploy two`] : [];
  for (const [key, builder] of builders) {
    const name = BuilderName.parse(key);
    for (const [variable, reference] of Object.entries(builder.secrets)) {
      if (reference.startsWith('env:'))
        problems.push(
          `builders.${name}.secrets.${variable} is ${reference}, which exists on one machine only: name a secretsmanager: or ssm: one`,
        );
    }
    const packer = installedPacker(name, builder);
    if (!packer.ok) problems.push(`${packer.failure.message}: ${packer.failure.remedy}`);
  }
  return problems;
}
