import type { english } from "./english.ts";

type Text<T> = T extends (...args: infer Args) => string ? (...args: Args) => string : string;

/** The texts of the shell in one language. */
export type Texts = { readonly [Key in keyof typeof english]: Text<(typeof english)[Key]> };
