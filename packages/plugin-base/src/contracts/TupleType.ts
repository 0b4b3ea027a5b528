import type { z } from "zod";
import type { GatewayService } from "./gatewayServices.ts";

/**
 * A type of tuples: typed records that all sides share. Made by {@link defineTuple}.
 *
 * `T` is the checked tuple; `Input` is the type before the check, in which fields with defaults are optional.
 */
export interface TupleType<T, Input = unknown> {
  /** `<plugin>.<Tuple>`, such as `peek_plugin_tutorial.StringInt`. */
  readonly name: string;
  /** The plugin that the name begins with. */
  readonly plugin: string;
  /** The schema that every boundary checks with. */
  readonly schema: z.ZodType<T, Input>;
  /** The fields of the key, which identifies a tuple, in order. */
  readonly key: readonly string[];
  /** Where browsers may watch it, when plugins expose it there; undefined: wherever its plugin has a part. */
  readonly services?: readonly GatewayService[] | undefined;
}

/** The tuples of a type: `type StringInt = TupleOf<typeof StringIntTuple>`. */
export type TupleOf<Type extends TupleType<unknown>> = z.output<Type["schema"]>;
