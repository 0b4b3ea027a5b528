import { PeekError } from "@peek/errors";
import { z } from "zod";
import type { ActionType } from "./ActionType.ts";
import { checkContractName } from "./contractName.ts";
import { checkShape, type TupleShape } from "./checkShape.ts";
import { checkGatewayServices, type GatewayService } from "./gatewayServices.ts";

/** The options of an action type. */
export interface ActionOptions<Result extends z.ZodType> {
  /** The schema of the handler's result, which the pushing browser gets. Default: no result. */
  readonly result?: Result;
  /**
   * Where browsers may push actions of the type, such as `["office"]`: logic executes none for other services. Default: field and office, where the plugin has a part.
   */
  readonly services?: readonly GatewayService[];
}

/**
 * Defines a type of actions, shared by the devices that push them and logic, which executes them.
 *
 * ```ts
 * export const AddIntValue = defineAction("peek_plugin_tutorial.AddIntValue", { id: z.int(), offset: z.int() });
 * ```
 *
 * Actions may wait on a device for weeks: a field that is added later needs a default, or has to be optional.
 *
 * @param name `<plugin>.<Name>`.
 * @throws PeekError `CONTRACT_INVALID`
 */
export function defineAction<const Shape extends TupleShape>(
  name: string,
  shape: Shape,
  options?: { readonly services?: readonly GatewayService[] },
): ActionType<z.output<z.ZodObject<Shape>>, z.input<z.ZodObject<Shape>>, void, void>;
export function defineAction<const Shape extends TupleShape, Result extends z.ZodType>(
  name: string,
  shape: Shape,
  options: { readonly result: Result; readonly services?: readonly GatewayService[] },
): ActionType<z.output<z.ZodObject<Shape>>, z.input<z.ZodObject<Shape>>, z.output<Result>, z.input<Result>>;
export function defineAction(
  name: string,
  shape: TupleShape,
  options: ActionOptions<z.ZodType> = {},
): ActionType<unknown, unknown, unknown, unknown> {
  const plugin = checkContractName("an action", name);
  checkShape("action", name, shape);
  const { result } = options;
  if (result !== undefined && !(result instanceof z.ZodType)) {
    throw new PeekError(
      "CONTRACT_INVALID",
      `The action ${name} cannot be defined: its result has to be a zod schema, such as z.int().`,
      { fields: { name } },
    );
  }
  const services = checkGatewayServices("action", name, options.services);
  return Object.freeze({ name, plugin, schema: z.object(shape), result, ...(services !== undefined && { services }) });
}
