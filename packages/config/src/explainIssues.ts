import { describeValue } from "@peek/errors";
import type { z } from "zod";
import { type JsonDocument, lineOf } from "./JsonDocument.ts";
import { mayContainSecret, withoutSecrets } from "./secrets.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** The maximum number of mistakes in a message; a wrong file would fill the screen. */
const maxIssues = 10;

/**
 * Describes the mistakes in a document, each in one sentence: the place, the found and the expected value, and a corrected
 * example.
 *
 * @param example A valid value of the whole document, from which the corrections are taken.
 */
export function explainIssues(document: JsonDocument, issues: readonly Issue[], example: unknown): readonly string[] {
  const shown = issues.slice(0, maxIssues).map((issue) => explainIssue(document, issue, example));
  return issues.length > maxIssues ? [...shown, `and ${issues.length - maxIssues} more`] : shown;
}

/** Formats a path: `plugin.enabled[1]`. */
export function pathText(path: Path): string {
  const text = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  return text.startsWith(".") ? text.slice(1) : text;
}

function explainIssue(document: JsonDocument, outer: Issue, example: unknown): string {
  const { issue, path } = innermost(outer, []);
  const where = path.length === 0 ? "the file as a whole" : `line ${lineOf(document, path)}, ${pathText(path)}`;
  const value = valueAt(document.value, path);
  const found = value === undefined ? "is missing" : describeFound(path, value);
  const sample = sampleAt(example, path);
  return `${where}: ${found}; expected ${expectation(issue)}${sample === undefined ? "" : `. For example: ${sample}`}`;
}

function describeFound(path: Path, value: unknown): string {
  return path.some(mayContainSecret) && value !== null
    ? "has another value (not shown, since it may contain a password)"
    : `is ${describeValue(withoutSecrets(value))}`;
}

/** Of the branches of a union, the one that matched furthest is most likely the intended one. */
function innermost(issue: Issue, prefix: Path): { readonly issue: Issue; readonly path: Path } {
  const path = [...prefix, ...issue.path];
  if (issue.code !== "invalid_union") return { issue, path };
  const depth = (branch: readonly Issue[]): number => Math.max(0, ...branch.map((each) => each.path.length));
  const deepest = issue.errors.reduce<readonly Issue[]>(
    (best, branch) => (depth(branch) > depth(best) ? branch : best),
    [],
  );
  const first = deepest[0];
  return first === undefined ? { issue, path } : innermost(first, path);
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return typeNames[issue.expected] ?? `a value of type ${issue.expected}`;
    case "invalid_value":
      return issue.values.length === 1
        ? describeValue(issue.values[0])
        : `one of ${issue.values.map((value) => describeValue(value)).join(", ")}`;
    case "too_small":
      return `${sizeOf(issue.origin)} of ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}`;
    case "too_big":
      return `${sizeOf(issue.origin)} of ${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}`;
    case "invalid_union":
      return issue.errors
        .flatMap((branch) => branch.slice(0, 1))
        .map(expectation)
        .join(", or ");
    case "invalid_key":
      return issue.issues.slice(0, 1).map(expectation).join("") || "another name";
    case "unrecognized_keys":
      return `no ${issue.keys.map((key) => JSON.stringify(key)).join(", ")} here`;
    default:
      return issue.message;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text in double quotes",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list [ ]",
  object: "an object { }",
  record: "an object { }",
};

function sizeOf(origin: string): string {
  if (origin === "string") return "text with a length";
  if (origin === "array") return "a list with a length";
  return "a number";
}

function sampleAt(example: unknown, path: Path): string | undefined {
  // The innermost existing part of the example, with the names that lead to it.
  for (let length = path.length; length > 0; length -= 1) {
    const value = valueAt(example, path.slice(0, length));
    if (value === undefined) continue;
    return path
      .slice(0, length)
      .reduceRight<string>(
        (inner, step, index) =>
          typeof step === "number"
            ? `[${inner}]`
            : `${index === 0 ? "" : "{ "}${JSON.stringify(step)}: ${inner}${index === 0 ? "" : " }"}`,
        JSON.stringify(value),
      );
  }
  return undefined;
}

/** The value at a path; undefined where the path does not exist. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined,
    root,
  );
}
