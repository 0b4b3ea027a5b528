import { z } from "zod";
import { defineTuple } from "./defineTuple.ts";
import type { TupleType } from "./TupleType.ts";

/** A short value beside a plugin's icon. */
export interface Badge {
  readonly id: "badge";
  /** A number, or a text of up to 12 characters. */
  readonly value: number | string;
  /** How urgent it is. Default: `normal`. */
  readonly tone: "normal" | "warning" | "alarm";
}

/** A {@link Badge} as its provider writes it. */
export interface BadgeInput {
  /** A badge has one tuple. Default: `badge`. */
  readonly id?: "badge" | undefined;
  readonly value: number | string;
  readonly tone?: "normal" | "warning" | "alarm" | undefined;
}

/**
 * Defines the type of a badge: an observable with one tuple, or none while the badge is hidden. The app shows it on the tile and in
 * the menu without the plugin's code, by the name in plugin_package.json.
 *
 * ```ts
 * export const RowCount = defineBadge("peek_plugin_tutorial.RowCount");
 * observables.provide(RowCount, { tables: ["string_int"], load: async () => [{ value: await count() }] });
 * ```
 *
 * @param name `<plugin>.<Name>`.
 * @throws PeekError `CONTRACT_INVALID`
 */
export function defineBadge(name: string): TupleType<Badge, BadgeInput> {
  return defineTuple(
    name,
    {
      id: z.literal("badge").default("badge"),
      value: z.union([z.number(), z.string().max(12)]),
      tone: z.enum(["normal", "warning", "alarm"]).default("normal"),
    },
    { key: "id" },
  );
}
