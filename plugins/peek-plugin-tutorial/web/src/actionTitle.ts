import type { PendingAction } from "@peek/client";
import { AddIntValue } from "../../src/_private/contracts/AddIntValue.ts";
import { StringCapToggle } from "../../src/_private/contracts/StringCapToggle.ts";

/** Describes a pending action for people: `+1 in row 3`. */
export function actionTitle({ type, action }: PendingAction): string {
  const addition = AddIntValue.schema.safeParse(action);
  if (type === AddIntValue.name && addition.success) {
    const { id, offset } = addition.data;
    return `${offset < 0 ? "−" : "+"}${Math.abs(offset)} in row ${id}`;
  }
  const toggle = StringCapToggle.schema.safeParse(action);
  if (type === StringCapToggle.name && toggle.success) return `Aa in row ${toggle.data.id}`;
  // Another version of the page has pushed it.
  return type;
}
