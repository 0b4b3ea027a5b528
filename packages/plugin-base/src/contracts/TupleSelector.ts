import { messageOf, PeekError } from "@peek/errors";
import { checkContractName } from "./contractName.ts";
import { canonicalText } from "./encoding/canonicalText.ts";
import { decode } from "./encoding/decode.ts";
import { isRecord } from "./encoding/isRecord.ts";

/** What a selector says: a plain object of what {@link encode} takes. */
export type SelectorValues = Readonly<Record<string, unknown>>;

/** How long the canonical text may be, in UTF-8 bytes. */
const maxBytes = 8 * 1024;

/**
 * Says which tuples are meant: those of a type (or of an observable) to which the given values apply. It never changes.
 *
 * ```ts
 * const selector = new TupleSelector("peek_plugin_tutorial.StringInt", { site: "north", since: new Date() });
 * ```
 */
export class TupleSelector {
  /** `<plugin>.<Name>`. */
  readonly name: string;
  readonly #canonical: string;
  /** Given out as it is; undefined where it holds what cannot be frozen. */
  readonly #frozen: SelectorValues | undefined;

  /**
   * @param name `<plugin>.<Name>`.
   * @param selector It is copied. Properties that are undefined, at any level, are as good as none.
   * @throws PeekError `CONTRACT_INVALID` for the name, for a selector that is no plain object, or one whose canonical text
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
   * The selector of a canonical text, which may come from anybody.
   *
   * @throws PeekError `DATA_INVALID` for a text that {@link canonical} would never give.
   */
  static parse(canonical: string): TupleSelector {
    if (canonical.length > maxBytes) throw malformed(`is longer than ${maxBytes} bytes`);
    const pair = decode(canonical);
    if (!Array.isArray(pair) || pair.length !== 2) throw malformed("is not a pair of a name and an object");
    const [name, selector]: unknown[] = pair;
    const result = construct(name, selector);
    // Two texts of one selector would be two keys of one thing.
    if (result.#canonical !== canonical) throw malformed("is not in canonical form");
    return result;
  }

  /** The values, with keys in canonical order. Where there are dates, bytes, maps or sets in it, a copy each time. */
  get selector(): SelectorValues {
    return this.#frozen ?? valuesOf(this.#canonical.slice(this.name.length + 4, -1));
  }

  /**
   * The text that this selector and all that are equal have, and no other: `["peek_plugin_tutorial.StringInt",{"id":5}]`.
   * Neither the order of keys nor that of the entries of maps and sets makes a difference.
   */
  canonical(): string {
    return this.#canonical;
  }

  /** Whether it means the same. */
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
  // It is the text of a plain object, made here.
  return values as SelectorValues;
}

/** Freezes a value in depth, as far as it can be. @returns whether all of it could. */
function freeze(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (!Array.isArray(value) && !isRecord(value)) return false;
  Object.freeze(value);
  return Object.values(value).map(freeze).every(Boolean);
}

function isLonger(text: string, bytes: number): boolean {
  if (text.length > bytes) return true;
  // No character takes more than three bytes for each of its code units.
  return text.length * 3 > bytes && new TextEncoder().encode(text).length > bytes;
}

function invalid(name: string, what: string): PeekError {
  return new PeekError("CONTRACT_INVALID", `The selector of ${name} ${what}.`, { fields: { name } });
}

function malformed(what: string): PeekError {
  return new PeekError("DATA_INVALID", `The text of a selector ${what}`, { fields: { path: "$" } });
}
