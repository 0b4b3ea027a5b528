import type { ActionType, TupleType } from "@peek/plugin-base/contracts";
import type { z } from "zod";

/** The description of the values of a form: a zod schema of an object, or a type of tuples or actions. */
export type FormSchema<Output, Input> =
  | z.ZodType<Output, Input>
  | TupleType<Output, Input>
  | ActionType<Output, Input, unknown, unknown>;

/** The zod schema of a form. */
export function schemaOf<Output, Input>(schema: FormSchema<Output, Input>): z.ZodType<Output, Input> {
  return "schema" in schema ? schema.schema : schema;
}
