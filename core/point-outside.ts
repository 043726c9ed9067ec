import { type Channel } from './channel.ts';
import { type Builder } from './config.ts';
import { type Outcome, success } from './failure.ts';
import { type ChannelPointers } from './ports.ts';

/**
 * Lets the pointer outside of a channel show the build that the channel points to. The channel has moved by then: where the
 * pointer does not follow, to publish again lets it.
 *
 * @param pointers undefined where this home has none.
 * @returns whether the pointer shows the build now: not where there is none. Else why it does not (POINTER_REFUSED).
 */
export async function pointOutside(
  pointers: ChannelPointers | undefined,
  { publish: outside }: Builder,
  { builder, channel, artifacts }: Channel,
): Promise<Outcome<boolean>> {
  const parameter = outside?.ssm_parameter;
  if (pointers === undefined || parameter === undefined) return success(false);
  const pointed = await pointers.point({ builder, channel, parameter }, artifacts.join(','));
  return pointed.ok ? success(true) : pointed;
}
