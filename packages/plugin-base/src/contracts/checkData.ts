import { cutText, messageOf, PeekError } from "@peek/errors";
import { z } from "zod";
import { dataPath } from "./dataPath.ts";

type Issue = z.core.$ZodIssue;

/** The maximum number of mistakes in a message. */
const maxIssues = 3;
/** The maximum length of a schema's description of a mistake, which may quote the value. */
const maxExpectationLength = 100;

/**
 * Checks received data, or data to be sent, against its schema.
 *
 * @param what The name of the data in the message: `the input of peek_plugin_tutorial.RpcForAgent.addInts`.
 * @returns The output of the schema: with defaults, and without unknown fields.
 * @throws PeekError `DATA_INVALID` when it does not match; `fields` has the path of the first mistake, and the first mistakes in words. The value
 *   itself is never included.
 * @throws PeekError `CONTRACT_INVALID` when the schema itself throws, or is asynchronous.
 */
export function checkData<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const result = parse(schema, value, what);
  if (result.success) return result.data;
  throw mismatch(result.error.issues, what);
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.ZodSafeParseResult<z.output<Schema>> {
  try {
    return schema.safeParse(value);
  } catch (cause) {
    const mistake =
      cause instanceof z.core.$ZodAsyncError
        ? "is asynchronous. Schemas of contracts have to be synchronous: leave out async refinements and transforms, and do that work in the handler"
        : `threw an error instead of reporting the mistake: ${messageOf(cause)}. Make sure that its refinements and transforms do not throw`;
    throw new PeekError("CONTRACT_INVALID", `The schema of ${what} ${mistake}.`, { cause });
  }
}

function mismatch(issues: readonly Issue[], what: string): PeekError {
  const mistakes = issues.slice(0, maxIssues).map((issue) => innermost(issue, []));
  const shown = mistakes.map(({ issue, path }) => `${dataPath(path)}: ${expectation(issue)}`);
  const more = issues.length > shown.length ? `; and ${issues.length - shown.length} more` : "";
  return new PeekError("DATA_INVALID", `${what} does not match its schema. ${shown.join("; ")}${more}`, {
    fields: { path: dataPath(mistakes[0]?.path ?? []), issues: shown },
  });
}

/** Of the branches of a union, the one that matched furthest is most likely the intended one. */
function innermost(
  issue: Issue,
  outer: readonly PropertyKey[],
): { readonly issue: Issue; readonly path: readonly PropertyKey[] } {
  const path = [...outer, ...issue.path];
  if (issue.code !== "invalid_union") return { issue, path };
  const [first, ...others] = issue.errors.flatMap((branch) => branch.slice(0, 1));
  if (first === undefined) return { issue, path };
  const deepest = others.reduce((best, each) => (each.path.length > best.path.length ? each : best), first);
  return deepest.path.length === 0 ? { issue, path } : innermost(deepest, path);
}

function expectation(issue: Issue): string {
  const text = expectationOf(issue);
  return cutText(text, maxExpectationLength);
}

function expectationOf(issue: Issue): string {
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    return issue.errors
      .flatMap((branch) => branch.slice(0, 1))
      .map(expectationOf)
      .join(", or ");
  }
  return issue.message.replace(/^Invalid (?:input|option|string): /, "");
}
