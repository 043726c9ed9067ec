// Stands for `cli/main.ts` in the bundle: compiles the command line, whose parts are a comment at the end of the bundle's own
// file, each when it is needed.
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

export async function main(words, thread) {
  const file = fileURLToPath(import.meta.url);
  const descriptor = fs.openSync(file, 'r');
  const { first, parts } = JSON.parse(tableOfParts(descriptor));
  const kept = keptCode(file, fs.fstatSync(descriptor));
  const modules = new Map();
  const scripts = new Map();

  function load(name) {
    if (!Object.hasOwn(parts, name)) return require(name);
    const before = modules.get(name);
    if (before !== undefined) return before.exports;
    const module = { exports: {} };
    modules.set(name, module);
    const { at, length, line } = parts[name];
    const script = new vm.Script(readText(descriptor, at, length).replace(/\*\u0001\//g, '*/'), {
      filename: file,
      // A stack trace names the line in the file.
      lineOffset: line,
      cachedData: kept.of(name),
    });
    scripts.set(name, script);
    script.runInThisContext()(module, load, imported, embedded, file, path.dirname(file));
    return module.exports;
  }

  /** The bytes of a file that the program needs and that is no code. */
  function embedded(name) {
    const { at, length } = parts[name];
    return Buffer.from(readText(descriptor, at, length), 'base64');
  }

  /** As `import()`: a module of Node's own is its default, too. */
  async function imported(name) {
    const module = load(name);
    return Object.hasOwn(parts, name) ? module : Object.create(module, { default: { value: module } });
  }

  const exitCode = await load(first).main(words, thread);
  kept.keep(scripts);
  return exitCode;
}

/** The last line says where the one before it begins, which is the table. `scripts/bundle.ts` writes it so. */
function tableOfParts(descriptor) {
  const end = fs.fstatSync(descriptor).size - '000000000000000*/\n'.length;
  const begin = Number(readText(descriptor, end, 15));
  return readText(descriptor, begin, end - begin);
}

/** All of the file is ASCII. */
function readText(descriptor, at, length) {
  const text = Buffer.allocUnsafeSlow(length);
  for (let got = 0; got < length;) {
    const more = fs.readSync(descriptor, text, got, length - got, at + got);
    if (more === 0) throw new Error('the file of this program is cut off, or was replaced while it ran');
    got += more;
  }
  return text.toString('latin1');
}

/**
 * Compiled code is run as it is: only what this user alone can have written, from this very file, by this very Node. Its file
 * has a line that says so, a line with the place of each part, and the parts.
 */
function keptCode(file, own) {
  try {
    const of = Buffer.from(`${process.version} ${process.arch} ${file} ${own.dev} ${own.ino} ${own.size} ${own.mtimeMs} ${own.ctimeMs}\n`);
    const folder = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'hybridcore-packer');
    const place = path.join(folder, 'compiled-code');
    const kept = readOwn(place, of);
    return {
      of: (name) => kept.get(name),
      keep(scripts) {
        const compiled = [...scripts].filter(([name, script]) => !kept.has(name) || script.cachedDataRejected === true);
        if (compiled.length === 0) return;
        for (const [name, script] of compiled) kept.set(name, script.createCachedData());
        const places = JSON.stringify([...kept].map(([name, { length }]) => [name, length]));
        write(folder, place, Buffer.concat([of, Buffer.from(`${places}\n`), ...kept.values()]));
      },
    };
  } catch {
    return { of: () => undefined, keep: () => undefined };
  }
}

function readOwn(place, of) {
  const kept = new Map();
  let descriptor;
  try {
    descriptor = fs.openSync(place, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
    const status = fs.fstatSync(descriptor);
    if (!status.isFile() || (process.getuid && status.uid !== process.getuid()) || (status.mode & 0o022) !== 0) return kept;
    const content = fs.readFileSync(descriptor);
    if (!content.subarray(0, of.length).equals(of)) return kept;
    let at = content.indexOf(0x0a, of.length) + 1;
    for (const [name, length] of JSON.parse(content.toString('latin1', of.length, at))) {
      kept.set(name, content.subarray(at, at + length));
      at += length;
    }
    return kept;
  } catch {
    return new Map();
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
