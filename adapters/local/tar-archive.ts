import { packTar, unpackTar } from 'modern-tar';

import { type Archive } from '../../core/ports.ts';

/** ustar, each file of nobody's, with mode 644 and the time 0: what differs between two archives is what differs between their files. */
export const tarArchive: Archive = {
  pack: (files) =>
    packTar(
      files.map(({ path, content }) => ({
        header: { name: path, size: content.length, type: 'file', mode: 0o644, mtime: new Date(0), uid: 0, gid: 0, uname: '', gname: '' },
        body: content,
      })),
    ),
  async unpack(content, { entries }) {
    let count = 0;
    try {
      const found = await unpackTar(content, {
        strict: true,
        filter() {
          count += 1;
          if (count > entries) throw new RangeError(`more than ${entries} entries`);
          return true;
        },
      });
      return found.map(({ header, data }) => ({ path: header.name, content: header.type === 'file' ? (data ?? new Uint8Array()) : null }));
    } catch {
      return undefined;
    }
  },
};
