import type { ObservableState } from "@peek/client";
import type { ReactNode } from "react";

/** Says of what may be old since when, and why; of what is live, nothing. */
export function AsOf({ state: { asOf, reason } }: { readonly state: ObservableState<unknown> }): ReactNode {
  if (asOf === undefined) return null;
  return (
    <p className="as-of" role="status">
      As of <time dateTime={asOf.toISOString()}>{timeOf(asOf)}</time>
      {reason !== undefined && `: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}`}
    </p>
  );
}

/** With the day, unless it is today. */
function timeOf(date: Date): string {
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  return date.toDateString() === new Date().toDateString() ? time : `${date.toLocaleDateString()} ${time}`;
}
