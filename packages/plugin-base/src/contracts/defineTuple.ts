import { describeValue, PeekError } from "@peek/errors";
import { z } from "zod";
import { checkContractName } from "./contractName.ts";
import { checkShape, type TupleShape } from "./checkShape.ts";
import { checkGatewayServices, type GatewayService } from "./gatewayServices.ts";
import type { TupleType } from "./TupleType.ts";

/** The options of a tuple type. */
export interface TupleOptions<Field extends string> {
  /** The field or fields of the key, which identifies a tuple. */
  readonly key: Field | readonly [Field, ...Field[]];
  /**
   * Where browsers may watch tuples of the type, such as `["office"]`: logic gives them to no other service. Default: field and office, where the plugin has a part.
   */
  readonly services?: readonly GatewayService[];
}

/**
 * Defines a type of tuples, shared by all sides.
 *
 * ```ts
 * export const StringIntTuple = defineTuple(
 *   "peek_plugin_tutorial.StringInt",
 *   { id: z.int(), string1: z.string(), int1: z.int().default(0) },
 *   { key: "id" },
 * );
 * export type StringInt = TupleOf<typeof StringIntTuple>;
 * ```
 *
 * A field may contain another tuple: `pump: PumpTuple.schema`. Unknown fields, which a newer version of the plugin on the other
 * side may send, are dropped by the check. A field that is added later needs a default, or has to be optional, so that tuples
 * of an older version are accepted.
 *
 * @param name `<plugin>.<Name>`.
 * @throws PeekError `CONTRACT_INVALID`
 */
export function defineTuple<const Shape extends TupleShape>(
  name: string,
  shape: Shape,
  options: TupleOptions<keyof Shape & string>,
): TupleType<z.output<z.ZodObject<Shape>>, z.input<z.ZodObject<Shape>>> {
  const plugin = checkContractName("a tuple type", name);
  checkShape("tuple type", name, shape);
  const key = checkKey(name, shape, options);
  const services = checkGatewayServices("tuple type", name, options.services);
  return Object.freeze({ name, plugin, schema: z.object(shape), key, ...(services !== undefined && { services }) });
}

function checkKey(name: string, shape: object, options: unknown): readonly string[] {
  const key: unknown = typeof options === "object" && options !== null && "key" in options ? options.key : undefined;
  const fields: readonly unknown[] = Array.isArray(key) ? key : [key];
  if (fields.length === 0 || new Set(fields).size < fields.length) throw invalid(name, keyRule);
  return Object.freeze(
    fields.map((field) => {
      if (typeof field === "string" && Object.hasOwn(shape, field)) return field;
      throw invalid(name, field === undefined ? keyRule : `it has no field ${describeValue(field)} for its key`);
    }),
  );
}

const keyRule = 'the key has to name one of the fields or several, each once: { key: "id" }';

function invalid(name: string, what: string): PeekError {
  return new PeekError("CONTRACT_INVALID", `The tuple type ${name} cannot be defined: ${what}.`, { fields: { name } });
}
