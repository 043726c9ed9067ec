import { type Duplex, Readable, pipeline } from 'node:stream';

import { type Compression, NoGzipError } from '../../core/ports.ts';

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
  compressing: (content) => through(content, () => zlib().createGzip()),
  async *expanding(content) {
    try {
      yield* through(content, () => zlib().createGunzip());
    } catch (error) {
      throw isZlibError(error) ? new NoGzipError('this is no gzip', { cause: error }) : error;
    }
  },
};

/** What comes, through zlib. What fails on the way is thrown, and who reads no further ends it all. */
function through(content: AsyncIterable<Uint8Array>, make: () => Duplex): AsyncIterable<Uint8Array> {
  const transform = make();
  // Whoever reads the transform gets the error.
  pipeline(Readable.from(content), transform, () => undefined);
  return transform;
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
}
