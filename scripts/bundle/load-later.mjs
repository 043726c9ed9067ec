// Stands for `cli/main.ts` in the bundle: compiles the command line, which is a comment at the end of the bundle's own file.
//
// A comment is passed over forty times as fast as code is parsed, so what does not need the command line does not wait for
// it: the check of Node's version, and an answer that was kept. What V8 made of the code is kept in the user's own cache
// folder; where nothing can be kept there, nothing fails.
import fs from 'fs';
import os from 'os';
import path from 'path';
import process from 'process';
import { fileURLToPath } from 'url';
import vm from 'vm';

/** What stands around the command line in the file; `scripts/bundle.ts` writes it so. */
const opening = '\n/* The command line, compiled when it is needed.\n';
const closing = '\n*/\n';

export async function main(words) {
  const file = fileURLToPath(import.meta.url);
  const text = fs.readFileSync(file, 'utf8');
  const begin = text.lastIndexOf(opening) + opening.length;
  const code = text.slice(begin, text.lastIndexOf(closing)).replace(/\*\u0001\//g, '*/');
  const kept = keptCode(file);
  const script = new vm.Script(code, {
    filename: file,
    // A stack trace names the line in the file.
    lineOffset: text.slice(0, begin).split('\n').length - 1,
    cachedData: kept.data,
  });
  const commandLine = { exports: {} };
  script.runInThisContext()(commandLine, require, file, path.dirname(file));
  const exitCode = await commandLine.exports.main(words);
  if (kept.data === undefined || script.cachedDataRejected === true) kept.keep(script);
  return exitCode;
}

/** Compiled code is run as it is: only what this user alone can have written, from this very file, by this very Node. */
function keptCode(file) {
  try {
    const own = fs.statSync(file);
    const of = Buffer.from(`${process.version} ${process.arch} ${file} ${own.dev} ${own.ino} ${own.size} ${own.mtimeMs} ${own.ctimeMs}\n`);
    const folder = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'hybridcore-packer');
    const place = path.join(folder, 'compiled-code');
    return { data: readOwn(place, of), keep: (script) => write(folder, place, Buffer.concat([of, script.createCachedData()])) };
  } catch {
    return { data: undefined, keep: () => undefined };
  }
}

function readOwn(place, of) {
  let descriptor;
  try {
    descriptor = fs.openSync(place, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
    const status = fs.fstatSync(descriptor);
    if (!status.isFile() || (process.getuid && status.uid !== process.getuid()) || (status.mode & 0o022) !== 0) return undefined;
    const content = fs.readFileSync(descriptor);
    return content.subarray(0, of.length).equals(of) ? content.subarray(of.length) : undefined;
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

function write(folder, place, content) {
  const draft = `${place}-${process.pid}.tmp`;
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    fs.writeFileSync(draft, content, { mode: 0o600, flag: 'wx' });
    fs.renameSync(draft, place);
  } catch {
    fs.rmSync(draft, { force: true });
  }
}
