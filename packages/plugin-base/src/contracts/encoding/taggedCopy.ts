import { messageOf, PeekError } from "@peek/errors";
import { dataPath } from "../dataPath.ts";
import { toBase64 } from "./base64.ts";
import { isList, isRecord } from "./isRecord.ts";
import { maxDepth, maxDigits, Tag, tagCode } from "./tags.ts";
import { textFault } from "./textFault.ts";

/** The values that JSON represents. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** How a value is copied. */
export interface TaggerOptions {
  /** Whether undefined properties are omitted. Default: false. */
  readonly dropUndefined?: boolean;
}

/**
 * Copies a value, with tags for values that JSON does not represent.
 *
 * @throws PeekError `DATA_UNENCODABLE`; `DATA_INVALID` for a text that {@link textFault} refuses.
 */
export function taggedCopy(value: unknown, options: TaggerOptions = {}): Json {
  const tagger = new Tagger(options.dropUndefined ?? false);
  try {
    return tagger.copy(value);
  } catch (cause) {
    if (PeekError.is(cause)) throw cause;
    // A getter or a proxy of the value threw.
    throw tagger.refused(`cannot be read: ${messageOf(cause)}`, cause);
  }
}

class Tagger {
  readonly #dropUndefined: boolean;
  /** The path within the value. */
  readonly #path: PropertyKey[] = [];
  /** The enclosing lists and objects. */
  readonly #within: object[] = [];
  /** The number of levels in the text. */
  #depth = 0;

  constructor(dropUndefined: boolean) {
    this.#dropUndefined = dropUndefined;
  }

  copy(value: unknown): Json {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "boolean":
        return value;
      case "number":
        return this.#number(value);
      case "bigint":
        return this.#tag(Tag.bigint, this.#digits(value));
      case "undefined":
        return this.#tag(Tag.undefined, 0);
      case "object":
        return value === null ? null : this.#object(value);
      case "function":
        throw this.refused("is a function");
      default:
        throw this.refused("is a symbol");
    }
  }

  refused(why: string, cause?: unknown): PeekError {
    const path = dataPath(this.#path);
    return new PeekError("DATA_UNENCODABLE", `The value cannot be sent: ${path} ${why}. Send plain data`, {
      ...(cause === undefined ? {} : { cause }),
      fields: { path },
    });
  }

  #text(value: string): string {
    const fault = textFault(value);
    if (fault === undefined) return value;
    const path = dataPath(this.#path);
    throw new PeekError("DATA_INVALID", `The value cannot be sent: ${path} ${fault}`, { fields: { path } });
  }

  #number(value: number): Json {
    if (Number.isFinite(value) && !Object.is(value, -0)) return value;
    return this.#tag(Tag.number, Object.is(value, -0) ? "-0" : String(value));
  }

  #digits(value: bigint): string {
    const text = String(value);
    if (text.length - (value < 0n ? 1 : 0) > maxDigits)
      throw this.refused(`is a bigint of more than ${maxDigits} digits`);
    return text;
  }

  #object(value: object): Json {
    if (isRecord(value)) return this.#inside(value, 1, () => this.#record(value));
    if (isList(value)) return this.#inside(value, 1, () => this.#list(value));
    if (value instanceof Uint8Array) return this.#tag(Tag.bytes, toBase64(value));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (value instanceof Date && prototype === Date.prototype) {
      return this.#tag(Tag.date, Number.isNaN(value.getTime()) ? null : value.toISOString());
    }
    if (value instanceof Set && prototype === Set.prototype) {
      return this.#inside(value, 2, () => ({ [Tag.set]: this.#list([...value]) }));
    }
    if (value instanceof Map && prototype === Map.prototype) {
      return this.#inside(value, 3, () => ({ [Tag.map]: this.#pairs(value) }));
    }
    throw this.refused(`is ${classOf(value)}`);
  }

  #inside(value: object, levels: number, copy: () => Json): Json {
    if (this.#within.includes(value)) throw this.refused("contains itself, or is part of what contains it");
    this.#deeper(levels);
    this.#within.push(value);
    const result = copy();
    this.#within.pop();
    this.#depth -= levels;
    return result;
  }

  #deeper(levels: number): void {
    if (this.#depth + levels > maxDepth) throw this.refused(`has more than ${maxDepth} levels above it`);
    this.#depth += levels;
  }

  #tag(tag: string, content: Json): Json {
    this.#deeper(1);
    this.#depth -= 1;
    return { [tag]: content };
  }

  #at(step: PropertyKey, value: unknown): Json {
    this.#path.push(step);
    const result = this.copy(value);
    this.#path.pop();
    return result;
  }

  #record(value: Record<string, unknown>): Json {
    const copy: Record<string, Json> = {};
    for (const key of Object.keys(value)) {
      if (key === "__proto__") throw this.refused("has a property __proto__");
      this.#text(key);
      const each = value[key];
      if (each === undefined && this.#dropUndefined) continue;
      copy[key.charCodeAt(0) === tagCode ? `$${key}` : key] = this.#at(key, each);
    }
    return copy;
  }

  #list(value: readonly unknown[]): Json {
    const copy: Json[] = [];
    for (let index = 0; index < value.length; index += 1) copy.push(this.#at(index, value[index]));
    return copy;
  }

  #pairs(map: ReadonlyMap<unknown, unknown>): Json {
    return [...map].map(([key, value], index) => {
      this.#path.push(index);
      const pair = [this.#at("key", key), this.#at("value", value)];
      this.#path.pop();
      return pair;
    });
  }
}

function classOf(value: object): string {
  const { constructor } = value;
  const name = typeof constructor === "function" ? constructor.name.slice(0, 60) : "";
  return name === "" ? "an object of a class" : `an object of the class ${name}`;
}
