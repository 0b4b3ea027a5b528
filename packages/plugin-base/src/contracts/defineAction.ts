import { PeekError } from "@peek/errors";
import { z } from "zod";
import type { ActionType } from "./ActionType.ts";
import { checkContractName } from "./contractName.ts";
import { checkShape, type TupleShape } from "./checkShape.ts";
import { checkGatewayServices, type GatewayService } from "./gatewayServices.ts";

/** The options of an action type without a result. */
export interface ActionTypeOptions<Input> {
  /**
   * Makes an action of an earlier version of the type into one of this version. Actions may wait on a device while the plugin is upgraded:
   * `upgrade` is called for those that do not fit the fields. Where it throws, or its result does not fit either, the device keeps the
   * action until the page is updated. Pure; it runs on services and in browsers. Default: actions of earlier versions are not converted.
   *
   * @param old The action as it was pushed. It is of any earlier version: check it.
   */
  readonly upgrade?: (old: unknown) => Input;
  /**
   * Where browsers may push actions of the type, such as `["office"]`: logic executes none for other services. Default: field and office, where the plugin has a part.
   */
  readonly services?: readonly GatewayService[];
}

/** The options of an action type. */
export interface ActionOptions<Result extends z.ZodType, Input = unknown> extends ActionTypeOptions<Input> {
  /** The schema of the handler's result, which the pushing browser gets. Default: no result. */
  readonly result?: Result;
}

/**
 * Defines a type of actions, shared by the devices that push them and logic, which executes them.
 *
 * ```ts
 * export const AddIntValue = defineAction("peek_plugin_tutorial.AddIntValue", { id: z.int(), offset: z.int() });
 * ```
 *
 * Actions may wait on a device for weeks: a field that is added later needs a default, or has to be optional, or `upgrade` sets it.
 *
 * @param name `<plugin>.<Name>`.
 * @throws PeekError `CONTRACT_INVALID`
 */
export function defineAction<const Shape extends TupleShape>(
  name: string,
  shape: Shape,
  options?: ActionTypeOptions<z.input<z.ZodObject<Shape>>>,
): ActionType<z.output<z.ZodObject<Shape>>, z.input<z.ZodObject<Shape>>, void, void>;
export function defineAction<const Shape extends TupleShape, Result extends z.ZodType>(
  name: string,
  shape: Shape,
  options: ActionOptions<Result, z.input<z.ZodObject<Shape>>> & { readonly result: Result },
): ActionType<z.output<z.ZodObject<Shape>>, z.input<z.ZodObject<Shape>>, z.output<Result>, z.input<Result>>;
export function defineAction(
  name: string,
  shape: TupleShape,
  options: ActionOptions<z.ZodType> = {},
): ActionType<unknown, unknown, unknown, unknown> {
  const plugin = checkContractName("an action", name);
  checkShape("action", name, shape);
  const { result, upgrade } = options;
  if (result !== undefined && !(result instanceof z.ZodType)) {
    throw new PeekError(
      "CONTRACT_INVALID",
      `The action ${name} cannot be defined: its result has to be a zod schema, such as z.int().`,
      { fields: { name } },
    );
  }
  if (upgrade !== undefined && typeof upgrade !== "function") {
    throw new PeekError("CONTRACT_INVALID", `The action ${name} cannot be defined: its upgrade has to be a function.`, {
      fields: { name },
    });
  }
  const services = checkGatewayServices("action", name, options.services);
  return Object.freeze({
    name,
    plugin,
    schema: z.object(shape),
    result,
    ...(upgrade !== undefined && { upgrade }),
    ...(services !== undefined && { services }),
  });
}
