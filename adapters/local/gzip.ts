import { type Compression } from '../../core/ports.ts';

/** Loaded with the first use: it takes as long as a good part of the SDK, and most of what has this port at hand never uses it. */
const zlib = () => process.getBuiltinModule('node:zlib');

/** gzip as zlib writes it: without a name and without a time, so equal content gives equal bytes. */
export const gzip: Compression = {
  compress: (content) => zlib().gzipSync(content),
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
