/** An escape in a JSON text with which a lone surrogate or a NUL may have been written. */
const suspicious = /\\u(?:[dD][89a-fA-F]|0000)/;

/**
 * Why a text is refused wherever texts are sent, received or used as keys; undefined for a valid text. A lone surrogate, as in
 * `"🍕".slice(0, 1)`, cannot be encoded as UTF-8: two different ones would become the same text. PostgreSQL does not store the
 * character NUL.
 */
export function textFault(text: string): string | undefined {
  if (!text.isWellFormed())
    return "is a text with half of a character (a lone surrogate): cut texts between characters";
  return text.includes("\0") ? "is a text with the character NUL: leave it out" : undefined;
}

/** Whether a JSON text may contain a text that {@link textFault} refuses; false is certain. */
export function mayHaveTextFault(json: string): boolean {
  return (json.includes("\\u") && suspicious.test(json)) || !json.isWellFormed();
}
