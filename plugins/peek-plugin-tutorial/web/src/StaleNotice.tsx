import type { ObservableState } from "@peek/client";
import type { ReactNode } from "react";

/** Warns that data may be old: since when, and why. Live data needs no notice. */
export function StaleNotice({ state }: { readonly state: ObservableState<unknown> }): ReactNode {
  const { status, asOf, reason } = state;
  if (status === "device") return <Notice>From this device: the service has not answered yet</Notice>;
  if (asOf === undefined) return null;
  return (
    <Notice>
      As of <time dateTime={asOf.toISOString()}>{timeOf(asOf)}</time>
      {reason !== undefined && `: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}`}
    </Notice>
  );
}

function Notice({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <p className="as-of" role="status">
      {children}
    </p>
  );
}

/** The time of day, with the date if it is not today. */
function timeOf(date: Date): string {
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  return date.toDateString() === new Date().toDateString() ? time : `${date.toLocaleDateString()} ${time}`;
}
