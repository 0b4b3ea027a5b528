import type { z } from "zod";
import type { GatewayService } from "./gatewayServices.ts";

/**
 * A type of actions: small changes that users make, pushed on a device and executed on logic. Made by {@link defineAction}.
 *
 * `T` is the checked action, `Input` the type that may be pushed; `Result` is the result that the browser gets, `ResultInput` the
 * type that the handler may return.
 */
export interface ActionType<T, Input = T, Result = void, ResultInput = Result> {
  /** `<plugin>.<Action>`, such as `peek_plugin_tutorial.AddIntValue`. */
  readonly name: string;
  /** The plugin that the name begins with. */
  readonly plugin: string;
  /** The schema that every boundary checks with. */
  readonly schema: z.ZodType<T, Input>;
  /**
   * Makes an action of an earlier version of the type into one of this version. It is called for actions that do not fit the schema, and its
   * result is checked. Undefined: there is no earlier version, or all its actions fit.
   */
  readonly upgrade?: ((old: unknown) => unknown) | undefined;
  /** The schema of the result; undefined where there is none. */
  readonly result: z.ZodType<Result, ResultInput> | undefined;
  /** Where browsers may push it, when plugins expose it there; undefined: wherever its plugin has a part. */
  readonly services?: readonly GatewayService[] | undefined;
}

/** An action of a type, checked: `type AddIntValue = ActionOf<typeof AddIntValue>`. */
export type ActionOf<Type extends { readonly schema: z.ZodType }> = z.output<Type["schema"]>;
