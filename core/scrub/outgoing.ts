import { type Redactor, type SecretValue, createRedactor, redactText } from './redactor.ts';

/** The hook for what a program says: texts and documents that stand alone, each whole. */
export interface Outgoing {
  /** From now on these values must not be said either. */
  learn(values: readonly SecretValue[]): void;
  /** A text of any number of lines. */
  text(text: string): string;
  /** A text that is too long for memory, in pieces. What is learnt later does not reach it. */
  stream(): Pick<Redactor, 'push' | 'rest'>;
  /** A document, with each text in it scrubbed by itself, so that it stays a document. */
  document(document: unknown): unknown;
  /** Whether a text holds nothing that could be a secret: told faster than by scrubbing it. */
  isClean(text: string): boolean;
}

/** @param key as a redactor's. */
export function createOutgoing(key: Uint8Array): Outgoing {
  let values: readonly SecretValue[] = [];
  let redactor: Redactor | undefined;
  const hook = () => (redactor ??= createRedactor({ values, key }));
  const text = (said: string) => (hook().isClean(said) ? said : redactText(hook().forAnotherFile(), said));
  const document = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(document);
    if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, document(member)]));
  };
  return {
    learn(learnt) {
      if (learnt.length === 0) return;
      values = [...values, ...learnt];
      redactor = undefined;
    },
    text,
    stream: () => hook().forAnotherFile(),
    document,
    isClean: (said) => hook().isClean(said),
  };
}
