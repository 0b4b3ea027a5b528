import { distance } from "fastest-levenshtein";
import type { z } from "zod";
import { withoutJit } from "./withoutJit.ts";
import { pathText, valueAt } from "./explainIssues.ts";

/** A key that a document has and its schema does not know. */
export interface UnknownKey {
  /** Where it is: `plugin.enabeld`. */
  readonly path: string;
  /** The known key that it was probably meant to be: `plugin.enabled`. */
  readonly nearest: string | undefined;
}

/** A document after the keys that its schema does not know have been set apart. */
export interface CheckedDocument<T> {
  /** The document's value, complete with defaults; undefined when there are issues. */
  readonly value: T | undefined;
  /** What is wrong with the keys that are known. */
  readonly issues: readonly z.core.$ZodIssue[];
  readonly unknownKeys: readonly UnknownKey[];
}

/**
 * Checks a value against a schema of strict objects, but takes keys that it does not know as something to warn of,
 * not as mistakes: they may be a newer version's, or a person's note.
 *
 * @param known Makes a complete value; its keys are the ones proposed instead of unknown ones.
 */
export function checkTolerantly<T>(schema: z.ZodType<T>, value: unknown, known: () => unknown): CheckedDocument<T> {
  const first = schema.safeParse(value, withoutJit);
  if (first.success) return { value: first.data, issues: [], unknownKeys: [] };
  const strangers = first.error.issues.filter((issue) => issue.code === "unrecognized_keys");
  const others = first.error.issues.filter((issue) => issue.code !== "unrecognized_keys");
  const unknownKeys = strangers.flatMap((issue) =>
    issue.keys.map((key) => ({
      path: pathText([...issue.path, key]),
      nearest: nearestKey(keysAt(known(), issue.path), issue.path, key),
    })),
  );
  if (others.length > 0) return { value: undefined, issues: others, unknownKeys };
  const cleaned = structuredClone(value);
  for (const issue of strangers) {
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
  // Further away than half its letters, it is another word and no slip of the finger.
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
