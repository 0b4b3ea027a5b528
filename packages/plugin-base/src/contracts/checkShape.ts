import { describeValue, PeekError } from "@peek/errors";
import { z } from "zod";
import { isRecord } from "./encoding/isRecord.ts";
import { isSafeName } from "./safeName.ts";

/** The schema of each field of a tuple, or of an action. */
export type TupleShape = Readonly<Record<string, z.ZodType>>;

/**
 * Checks the fields of a new contract.
 *
 * @param kind The kind of contract for messages: `tuple type`.
 * @throws PeekError `CONTRACT_INVALID`
 */
export function checkShape(kind: string, name: string, shape: unknown): asserts shape is TupleShape {
  if (typeof shape !== "object" || shape === null || !isRecord(shape)) {
    // `{ __proto__: z.string() }` sets the prototype instead of a field.
    throw invalid(kind, name, "the fields have to be a plain object, { id: z.int() }, with no __proto__");
  }
  for (const field of Reflect.ownKeys(shape)) {
    if (typeof field === "symbol" || !isSafeName(field)) {
      throw invalid(kind, name, `no field can have the name ${describeValue(field)}. Give it another`);
    }
    if (!(shape[field] instanceof z.ZodType)) {
      throw invalid(kind, name, `the field ${describeValue(field)} has to be a zod schema, such as z.string()`);
    }
  }
}

function invalid(kind: string, name: string, what: string): PeekError {
  return new PeekError("CONTRACT_INVALID", `The ${kind} ${name} cannot be defined: ${what}.`, { fields: { name } });
}
