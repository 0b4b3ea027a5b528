import { PeekError } from "@peek/errors";
import { z } from "zod";
import type { ActionType } from "./ActionType.ts";
import { checkContractName } from "./contractName.ts";
import { checkShape, type TupleShape } from "./checkShape.ts";
import { checkGatewayServices, type GatewayService } from "./gatewayServices.ts";

/** What there is to say of an action type besides its fields. */
export interface ActionOptions<Result extends z.ZodType> {
  /** What the handler returns, for whoever pushed the action. Default: nothing. */
  readonly result?: Result;
  /**
   * Where browsers may push actions of the type, such as `["office"]`: logic executes none for another service, whatever that says.
   * Default: field and office, as far as the plugin has a part there.
   */
  readonly services?: readonly GatewayService[];
}

/**
 * Defines a type of actions, once, for the devices that push them and for logic, which executes them.
 *
 * ```ts
 * export const AddIntValue = defineAction("peek_plugin_tutorial.AddIntValue", { id: z.int(), offset: z.int() });
 * ```
 *
 * Actions may lie on a device for weeks: a field that was added later needs a default, or to be optional.
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
