import { type Compression } from '../../core/ports.ts';

/** Loaded with the first use: it takes as long as a good part of the SDK, and most of what has this port at hand never uses it. */
const zlib = () => process.getBuiltinModule('node:zlib');

/** Where a gzip says on which system it was made, and how it says nothing of it (RFC 1952, 2.3.1). */
const system = { at: 9, unknown: 255 } as const;

/** gzip as zlib writes it: without a name, a time and a system, so equal content gives equal bytes, as long as zlib is the same. */
export const gzip: Compression = {
  compress(content) {
    const compressed = zlib().gzipSync(content);
    compressed[system.at] = system.unknown;
    return compressed;
  },
  expand(content, { bytes }) {
    if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`an expansion takes a limit of 0 or more bytes, not ${bytes}`);
    try {
      // zlib takes no limit below 1.
      const expanded = zlib().gunzipSync(content, { maxOutputLength: Math.max(bytes, 1) });
      return expanded.length <= bytes ? expanded : undefined;
    } catch {
      return undefined;
    }
  },
};
