/** By the code of a row: a text that it takes, and a near miss that it leaves. */
export type Samples = Readonly<Record<string, { readonly taken: string; readonly left: string }>>;
