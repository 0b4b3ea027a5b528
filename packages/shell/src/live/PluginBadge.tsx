import { type Badge, defineBadge } from "@peek/plugin-base/contracts";
import type { TupleType } from "@peek/plugin-base/contracts";
import { useFormat } from "@peek/web";
import { useObservable } from "@peek/client/react";
import { type ReactNode, useMemo } from "react";
import { useTexts } from "../texts/useTexts.ts";

/** The live value that a plugin has beside its icon; nothing while there is none. */
export function PluginBadge({ name }: { readonly name: string }): ReactNode {
  const type = useMemo(() => badgeType(name), [name]);
  return type === undefined ? null : <BadgeValue type={type} />;
}

function BadgeValue({ type }: { readonly type: TupleType<Badge> }): ReactNode {
  const texts = useTexts();
  const format = useFormat();
  const { tuples, status, asOf } = useObservable(type);
  const badge = tuples[0];
  if (badge === undefined) return null;
  const value = typeof badge.value === "number" ? format.number(badge.value) : badge.value;
  const isLive = status === "live";
  const title = isLive || asOf === undefined ? undefined : texts.staleSince(format.time(asOf));
  return (
    <span className="shell-badge" data-tone={badge.tone} data-live={isLive} title={title}>
      <span className="shell-hidden">{isLive ? texts.badge(value) : `${texts.stale}: ${value}`}</span>
      <span aria-hidden="true">{value}</span>
    </span>
  );
}

/** A manifest may name anything. */
function badgeType(name: string): TupleType<Badge> | undefined {
  try {
    return defineBadge(name);
  } catch {
    return undefined;
  }
}
