import { gunzipSync, gzipSync } from 'node:zlib';

import { type Compression } from '../../core/ports.ts';

/** gzip as zlib writes it: without a name and without a time, so equal content gives equal bytes. */
export const gzip: Compression = {
  compress: (content) => gzipSync(content),
  expand(content, limit) {
    try {
      return gunzipSync(content, { maxOutputLength: limit.bytes });
    } catch {
      return undefined;
    }
  },
};
