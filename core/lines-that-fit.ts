const encoder = new TextEncoder();

/**
 * The last of some lines, as many as fit into `bytes` of UTF-8 with a newline each: what is fatal comes last. Of a last
 * line that is too long for itself the beginning is kept.
 */
export function linesThatFit(lines: readonly string[], bytes: number): string[] {
  const kept: string[] = [];
  let left = bytes;
  for (const line of lines.toReversed()) {
    const size = encoder.encode(line).length + 1;
    if (size > left) {
      if (kept.length === 0 && left > 1) {
        const { read, written } = encoder.encodeInto(line, new Uint8Array(left - 1));
        kept.push(line.slice(0, read));
        left -= written + 1;
      }
      break;
    }
    left -= size;
    kept.push(line);
  }
  return kept.reverse();
}
