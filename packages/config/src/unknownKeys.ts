import { distance } from "fastest-levenshtein";
import type { z } from "zod";
import { withoutJit } from "./withoutJit.ts";
import { pathText, valueAt } from "./explainIssues.ts";

/** A key of a document that its schema does not know. */
export interface UnknownKey {
  /** Its path: `plugin.enabeld`. */
  readonly path: string;
  /** The most similar known key, if it is similar enough to be meant: `plugin.enabled`. */
  readonly nearest: string | undefined;
}

/** The result of checking a document without its unknown keys. */
export interface CheckedDocument<T> {
  /** The document's value, complete with defaults; undefined when there are issues. */
  readonly value: T | undefined;
  /** The mistakes in known keys. */
  readonly issues: readonly z.core.$ZodIssue[];
  readonly unknownKeys: readonly UnknownKey[];
}

/**
 * Checks a value against a schema of strict objects, and reports unknown keys as warnings instead of mistakes: a newer version
 * may know them, or a person may have written a note.
 *
 * @param known Returns a complete value; its keys are proposed instead of unknown ones.
 */
export function checkTolerantly<T>(schema: z.ZodType<T>, value: unknown, known: () => unknown): CheckedDocument<T> {
  const first = schema.safeParse(value, withoutJit);
  if (first.success) return { value: first.data, issues: [], unknownKeys: [] };
  const unknown = first.error.issues.filter((issue) => issue.code === "unrecognized_keys");
  const others = first.error.issues.filter((issue) => issue.code !== "unrecognized_keys");
  const unknownKeys = unknown.flatMap((issue) =>
    issue.keys.map((key) => ({
      path: pathText([...issue.path, key]),
      nearest: nearestKey(keysAt(known(), issue.path), issue.path, key),
    })),
  );
  if (others.length > 0) return { value: undefined, issues: others, unknownKeys };
  const cleaned = structuredClone(value);
  for (const issue of unknown) {
    const owner = at(cleaned, issue.path);
    for (const key of issue.keys) if (owner !== undefined) Reflect.deleteProperty(owner, key);
  }
  const second = schema.safeParse(cleaned, withoutJit);
  return second.success
    ? { value: second.data, issues: [], unknownKeys }
    : { value: undefined, issues: second.error.issues, unknownKeys };
}

function nearestKey(candidates: readonly string[], path: readonly PropertyKey[], key: string): string | undefined {
  const far = (candidate: string): number => distance(key.toLowerCase(), candidate.toLowerCase());
  const best = candidates.toSorted((one, other) => far(one) - far(other))[0];
  // A key that differs in more than half of its characters is another word, not a typing mistake.
  if (best === undefined || far(best) > Math.max(2, best.length / 2)) return undefined;
  return pathText([...path, best]);
}

function keysAt(root: unknown, path: readonly PropertyKey[]): readonly string[] {
  const owner = at(root, path);
  return owner === undefined ? [] : Object.keys(owner);
}

function at(root: unknown, path: readonly PropertyKey[]): object | undefined {
  const value = valueAt(root, path);
  return typeof value === "object" && value !== null ? value : undefined;
}
