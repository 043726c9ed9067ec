import { gunzipSync, gzipSync } from 'node:zlib';

import { type Compression } from '../../core/ports.ts';

/** gzip as zlib writes it: without a name and without a time, so equal content gives equal bytes. */
export const gzip: Compression = {
  compress: (content) => gzipSync(content),
  expand(content, { bytes }) {
    if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`an expansion takes a limit of 0 or more bytes, not ${bytes}`);
    try {
      // zlib takes no limit below 1.
      const expanded = gunzipSync(content, { maxOutputLength: Math.max(bytes, 1) });
      return expanded.length <= bytes ? expanded : undefined;
    } catch {
      return undefined;
    }
  },
};
