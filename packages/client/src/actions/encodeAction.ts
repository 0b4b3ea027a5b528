import { PeekError } from "@peek/errors";
import { checkData, encode, type ActionType } from "@peek/plugin-base/contracts";

/** How long an action may be as it is sent, in bytes: what the service takes. */
const maxBytes = 256 * 1024;
/** What the service takes for the name of a lane. */
const laneName = /^[^\p{Cc}\p{Cs}]{1,200}$/u;

/**
 * An action as it is kept and sent.
 *
 * @throws PeekError `DATA_INVALID` when it does not fit its type, is too large, or its lane cannot be.
 */
export function encodeAction(
  { name, schema }: Pick<ActionType<unknown, unknown, unknown, unknown>, "name" | "schema">,
  action: unknown,
  lane: string,
): string {
  checkData(schema, action, `the action ${name}`);
  const body = encode(action);
  if (new TextEncoder().encode(JSON.stringify(body)).length > maxBytes)
    throw invalid(name, `is longer than ${maxBytes} bytes`);
  if (!laneName.test(lane))
    throw invalid(
      name,
      "has a lane that cannot be: it has 1 to 200 characters, no control characters and no halves of characters",
    );
  return body;
}

function invalid(name: string, what: string): PeekError {
  return new PeekError("DATA_INVALID", `The action ${name} ${what}.`, { fields: { path: "$" } });
}
