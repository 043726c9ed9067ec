import { type FileAttribute } from './file-references.ts';
import { type Expression, type Place } from './hcl-document.ts';
import { type Bindings, type Evaluator } from './hcl-surroundings.ts';

/** A text of the template that names a file, a folder or a pattern of files. */
export interface FoundReference {
  readonly text: string;
  /** Attributes are relative to packer's working directory, functions to the template's folder. */
  readonly relativeTo: 'root' | 'template';
  readonly kind: FileAttribute['kind'];
  readonly form: 'path' | 'pattern';
  readonly optional: boolean;
  readonly outsideAllowed: boolean;
  readonly place: Place;
}

/** An expression that names files, whose value packer alone knows. */
export interface UnresolvedReference {
  readonly expression: string;
  readonly place: Place;
  readonly why: string;
  /** What it may become, for globs to cover; see `Evaluator.alternatives`. */
  readonly alternatives: readonly string[];
  readonly relativeTo: FoundReference['relativeTo'];
}

/** Where those that look through a template put what they find. */
export interface ReferenceCollection {
  readonly found: FoundReference[];
  readonly unresolved: UnresolvedReference[];
  /** Notes an expression that names files and is not known. */
  readonly note: (expression: Expression, relativeTo: FoundReference['relativeTo'], why: string, bindings: Bindings) => void;
}

export function createReferenceCollection(evaluator: Evaluator): ReferenceCollection {
  const unresolved: UnresolvedReference[] = [];
  return {
    found: [],
    unresolved,
    note(expression, relativeTo, why, bindings) {
      const { text, place } = expression;
      unresolved.push({ expression: text, place, why, alternatives: evaluator.alternatives(expression, bindings), relativeTo });
    },
  };
}
