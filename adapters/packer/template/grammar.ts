import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/**
 * The two WebAssembly files of the HCL parser. The bundle puts another module in this one's place, which carries
 * the bytes; so this module does nothing else.
 */
export async function loadGrammarFiles(): Promise<{ runtime: Uint8Array; hcl: Uint8Array }> {
  const { resolve } = createRequire(import.meta.url);
  const [runtime, hcl] = await Promise.all([
    readFile(resolve('web-tree-sitter/web-tree-sitter.wasm')),
    readFile(resolve('@tree-sitter-grammars/tree-sitter-hcl/tree-sitter-hcl.wasm')),
  ]);
  return { runtime, hcl };
}
