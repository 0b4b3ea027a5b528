import { describeValue, messageOf, PeekError } from "@peek/errors";
import { dataPath } from "../dataPath.ts";
import { fromBase64 } from "./base64.ts";
import { maxDigits, specialNumbers, Tag, tagCode } from "./tags.ts";
import { textFault } from "./textFault.ts";

const isoDate = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const digits = /^(?:0|-?[1-9][0-9]*)$/;

/**
 * Replaces tags by their values in a result of `JSON.parse`, in place.
 *
 * @throws PeekError `DATA_INVALID`
 */
export function untag(value: unknown): unknown {
  const untagger = new Untagger();
  try {
    return untagger.value(value);
  } catch (error) {
    if (PeekError.is(error)) throw error;
    // The engine's limits: a bigint of too many digits, a map of too many entries.
    throw untagger.invalid(messageOf(error));
  }
}

class Untagger {
  readonly #path: PropertyKey[] = [];

  value(value: unknown): unknown {
    if (typeof value === "string") return this.#text(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return this.#list(value);
    return this.#record(value as Record<string, unknown>);
  }

  invalid(what: string): PeekError {
    const path = dataPath(this.#path);
    return new PeekError("DATA_INVALID", `The text of a value is malformed. ${path}: ${what}`, { fields: { path } });
  }

  #text(value: string): string {
    const fault = textFault(value);
    if (fault === undefined) return value;
    throw this.invalid(fault);
  }

  #at(step: PropertyKey, value: unknown): unknown {
    this.#path.push(step);
    const result = this.value(value);
    this.#path.pop();
    return result;
  }

  #list(list: unknown[]): unknown[] {
    for (let index = 0; index < list.length; index += 1) list[index] = this.#at(index, list[index]);
    return list;
  }

  #record(record: Record<string, unknown>): unknown {
    const keys = Object.keys(record);
    const [first] = keys;
    if (keys.length === 1 && first !== undefined && isTag(first)) return this.#tagged(first, record[first]);
    const escaped = keys.some((key) => key.charCodeAt(0) === tagCode);
    const result: Record<string, unknown> = escaped ? {} : record;
    for (const key of keys) {
      if (key === "__proto__") throw this.invalid("has a property __proto__");
      this.#text(key);
      if (isTag(key)) throw this.invalid(`has ${describeValue(key)} among other keys`);
      const own = key.charCodeAt(0) === tagCode ? key.slice(1) : key;
      result[own] = this.#at(own, record[key]);
    }
    return result;
  }

  #tagged(tag: string, content: unknown): unknown {
    switch (tag) {
      case Tag.date:
        return this.#need(tag, dateOf(content));
      case Tag.bigint:
        return this.#need(tag, typeof content === "string" ? bigintOf(content) : undefined);
      case Tag.bytes:
        return this.#need(tag, typeof content === "string" ? fromBase64(content) : undefined);
      case Tag.number:
        return this.#need(tag, specialNumbers.get(content));
      case Tag.undefined:
        this.#need(tag, content === 0 ? true : undefined);
        return undefined;
      case Tag.set:
        return this.#set(content);
      case Tag.map:
        return this.#map(content);
      default:
        throw this.invalid(`has the unknown tag ${describeValue(tag)}`);
    }
  }

  #need<T>(tag: string, content: T | undefined): T {
    if (content === undefined) throw this.invalid(`has something else in ${tag} than belongs there`);
    return content;
  }

  #set(content: unknown): Set<unknown> {
    const list: unknown[] = this.#need(Tag.set, Array.isArray(content) ? content : undefined);
    const set = new Set(this.#list(list));
    return this.#need(Tag.set, set.size === list.length ? set : undefined);
  }

  #map(content: unknown): Map<unknown, unknown> {
    const list: unknown[] = this.#need(Tag.map, Array.isArray(content) ? content : undefined);
    const map = new Map<unknown, unknown>();
    for (const [index, pair] of list.entries()) {
      this.#path.push(index);
      const [key, value]: unknown[] = this.#need(Tag.map, Array.isArray(pair) && pair.length === 2 ? pair : undefined);
      map.set(this.#at("key", key), this.#at("value", value));
      this.#path.pop();
    }
    return this.#need(Tag.map, map.size === list.length ? map : undefined);
  }
}

/** Whether a key is a tag: it begins with exactly one `$`. */
function isTag(key: string): boolean {
  return key.charCodeAt(0) === tagCode && key.charCodeAt(1) !== tagCode;
}

function bigintOf(content: string): bigint | undefined {
  // One more for the sign.
  return content.length <= maxDigits + 1 && digits.test(content) ? BigInt(content) : undefined;
}

function dateOf(content: unknown): Date | undefined {
  if (content === null) return new Date(Number.NaN);
  if (typeof content !== "string" || !isoDate.test(content)) return undefined;
  const date = new Date(content);
  // Engines accept 31 February and 24 o'clock as a later day.
  return date.getUTCDate() === Number(content.slice(-16, -14)) ? date : undefined;
}
