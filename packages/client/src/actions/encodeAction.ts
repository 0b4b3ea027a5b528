import { PeekError } from "@peek/errors";
import { checkData, encode, type ActionType } from "@peek/plugin-base/contracts";

/** The service accepts no longer actions. */
const maxBytes = 256 * 1024;
/** The service accepts no other names of lanes. */
const laneName = /^[^\p{Cc}\p{Cs}]{1,200}$/u;

/**
 * Encodes an action as it is stored and sent.
 *
 * @throws PeekError `DATA_INVALID` if the action does not fit its type or is too large, or the lane's name is invalid.
 */
export function encodeAction(
  { name, schema }: Pick<ActionType<unknown, unknown, unknown, unknown>, "name" | "schema">,
  action: unknown,
  lane: string,
): string {
  checkData(schema, action, `the action ${name}`);
  const body = encode(action);
  if (new TextEncoder().encode(JSON.stringify(body)).length > maxBytes) {
    throw invalid(name, `is longer than ${maxBytes} bytes`);
  }
  if (!laneName.test(lane)) {
    throw invalid(
      name,
      "has an invalid lane: the name needs 1 to 200 characters, without control characters and unpaired surrogates",
    );
  }
  return body;
}

function invalid(name: string, problem: string): PeekError {
  return new PeekError("DATA_INVALID", `The action ${name} ${problem}.`, { fields: { path: "$" } });
}
