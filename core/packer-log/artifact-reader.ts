import { type Artifact, artifactTypeOf } from '../artifact.ts';
import { type ArtifactPart } from './packer-event.ts';

/** Artifacts of one target, and files of one artifact, that are kept. */
const mostArtifacts = 200;
const mostFiles = 10_000;

interface Draft {
  builderId: string | null;
  id: string;
  nil: boolean;
  readonly files: string[];
}

/** Puts the artifacts of one target together from their lines. */
export class ArtifactReader {
  readonly #drafts = new Map<number, Draft>();

  take(index: number, part: ArtifactPart): void {
    const draft = this.#draft(index);
    if (draft === undefined) return;
    switch (part.part) {
      case 'builder-id':
        draft.builderId = part.text;
        return;
      case 'id':
        draft.id = part.text;
        return;
      case 'file':
        if (draft.files.length < mostFiles) draft.files.push(part.file);
        return;
      case 'nil':
        draft.nil = true;
        return;
      case 'string':
      case 'files-count':
      case 'end':
      case 'other':
        return;
    }
  }

  /** Each artifact once: a template with a manifest post-processor lists them twice. */
  end(target: string): Artifact[] {
    const seen = new Set<string>();
    return [...this.#drafts.values()].flatMap((draft) => {
      const key = JSON.stringify([draft.id, draft.files]);
      if (draft.nil || seen.has(key)) return [];
      seen.add(key);
      return [{ id: draft.id, type: artifactTypeOf(target), builder_id: draft.builderId, name: target, files: [...draft.files] }];
    });
  }

  #draft(index: number): Draft | undefined {
    const known = this.#drafts.get(index);
    if (known !== undefined || this.#drafts.size >= mostArtifacts) return known;
    const draft: Draft = { builderId: null, id: '', nil: false, files: [] };
    this.#drafts.set(index, draft);
    return draft;
  }
}
