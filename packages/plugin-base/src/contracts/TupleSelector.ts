import { messageOf, PeekError } from "@peek/errors";
import { checkContractName } from "./contractName.ts";
import { canonicalText } from "./encoding/canonicalText.ts";
import { decode } from "./encoding/decode.ts";
import { isRecord } from "./encoding/isRecord.ts";

/** The values of a selector: a plain object of values that {@link encode} accepts. */
export type SelectorValues = Readonly<Record<string, unknown>>;

/** The maximum length of the canonical text in UTF-8 bytes. */
const maxBytes = 8 * 1024;

/**
 * Selects tuples of a type (or of an observable) by values. It is immutable.
 *
 * ```ts
 * const selector = new TupleSelector("peek_plugin_tutorial.StringInt", { site: "north", since: new Date() });
 * ```
 */
export class TupleSelector {
  /** `<plugin>.<Name>`. */
  readonly name: string;
  readonly #canonical: string;
  /** Returned without a copy; undefined where it contains values that cannot be frozen. */
  readonly #frozen: SelectorValues | undefined;

  /**
   * @param name `<plugin>.<Name>`.
   * @param selector It is copied. Undefined properties, at any level, are equal to absent ones.
   * @throws PeekError `CONTRACT_INVALID` for an invalid name, for a selector that is not a plain object, or one whose canonical text
   *   is longer than 8 KiB.
   * @throws PeekError `DATA_UNENCODABLE` for a value that cannot be sent.
   */
  constructor(name: string, selector: SelectorValues) {
    checkContractName("a selector", name);
    if (typeof selector !== "object" || selector === null || !isRecord(selector)) {
      throw invalid(name, 'has to be a plain object, such as { site: "north" }');
    }
    const text = canonicalText(selector);
    const canonical = `["${name}",${text}]`;
    if (isLonger(canonical, maxBytes)) throw invalid(name, `is longer than ${maxBytes} bytes as text. Select by less`);
    this.name = name;
    this.#canonical = canonical;
    const values = valuesOf(text);
    this.#frozen = freeze(values) ? values : undefined;
    Object.freeze(this);
  }

  /**
   * Parses a canonical text, which may come from any client.
   *
   * @throws PeekError `DATA_INVALID` for a text that {@link canonical} never returns.
   */
  static parse(canonical: string): TupleSelector {
    if (canonical.length > maxBytes) throw malformed(`is longer than ${maxBytes} bytes`);
    const pair = decode(canonical);
    if (!Array.isArray(pair) || pair.length !== 2) throw malformed("is not a pair of a name and an object");
    const [name, selector]: unknown[] = pair;
    const result = construct(name, selector);
    // Two texts of one selector would be two keys of one channel.
    if (result.#canonical !== canonical) throw malformed("is not in canonical form");
    return result;
  }

  /** The values, with keys in canonical order. A new copy for each access where it contains dates, bytes, maps or sets. */
  get selector(): SelectorValues {
    return this.#frozen ?? valuesOf(this.#canonical.slice(this.name.length + 4, -1));
  }

  /**
   * The text that equal selectors have in common, and different ones do not: `["peek_plugin_tutorial.StringInt",{"id":5}]`.
   * Neither the order of keys nor that of the entries of maps and sets makes a difference.
   */
  canonical(): string {
    return this.#canonical;
  }

  /** Whether the selectors are equal. */
  equals(other: TupleSelector): boolean {
    return this.#canonical === other.canonical();
  }
}

function construct(name: unknown, selector: unknown): TupleSelector {
  if (typeof name !== "string" || typeof selector !== "object" || selector === null || !isRecord(selector)) {
    throw malformed("is not a pair of a name and an object");
  }
  try {
    return new TupleSelector(name, selector);
  } catch (error) {
    throw malformed(`cannot be used: ${messageOf(error)}`);
  }
}

function valuesOf(text: string): SelectorValues {
  const values = decode(text);
  // The text was made here, from a plain object.
  return values as SelectorValues;
}

/** Freezes a value deeply, as far as possible. @returns Whether all of it could be frozen. */
function freeze(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (!Array.isArray(value) && !isRecord(value)) return false;
  Object.freeze(value);
  return Object.values(value).map(freeze).every(Boolean);
}

function isLonger(text: string, bytes: number): boolean {
  if (text.length > bytes) return true;
  // Each UTF-16 code unit takes at most three bytes in UTF-8.
  return text.length * 3 > bytes && new TextEncoder().encode(text).length > bytes;
}

function invalid(name: string, what: string): PeekError {
  return new PeekError("CONTRACT_INVALID", `The selector of ${name} ${what}.`, { fields: { name } });
}

function malformed(what: string): PeekError {
  return new PeekError("DATA_INVALID", `The text of a selector ${what}`, { fields: { path: "$" } });
}
