/** How many histories are played in search of a smaller one. */
const mostTries = 3000;

/**
 * Makes a list of choices smaller that leads to a violation: cuts its end off, puts the harmless choice in the place of
 * others, and takes pieces out, over and over as long as that helps. The violation stays, and the history does not grow.
 *
 * @param lengthOf the steps of the history that the choices lead to; undefined where the violation is gone.
 */
export async function shrink(
  choices: readonly number[],
  lengthOf: (choices: readonly number[]) => Promise<number | undefined>,
): Promise<readonly number[]> {
  let best = choices;
  let bestLength = (await lengthOf(best)) ?? Number.POSITIVE_INFINITY;
  let tries = 0;
  const better = async (candidate: readonly number[]): Promise<boolean> => {
    if (tries >= mostTries) return false;
    tries += 1;
    const length = await lengthOf(candidate);
    if (length === undefined || length > bestLength) return false;
    best = withoutHarmlessEnd(candidate);
    bestLength = length;
    return true;
  };
  let before: string;
  do {
    before = best.join();
    for (let size = Math.max(1, best.length >> 1); size >= 1; size >>= 1)
      for (let at = best.length - size; at >= 0; at -= size) {
        const piece = best.slice(at, at + size);
        const harmless = piece.map(() => 0);
        if (piece.some((choice) => choice !== 0)) await better([...best.slice(0, at), ...harmless, ...best.slice(at + size)]);
        if (size < best.length) await better([...best.slice(0, at), ...best.slice(at + size)]);
      }
  } while (best.join() !== before && tries < mostTries);
  return best;
}

function withoutHarmlessEnd(choices: readonly number[]): readonly number[] {
  return choices.slice(0, choices.findLastIndex((choice) => choice !== 0) + 1);
}
