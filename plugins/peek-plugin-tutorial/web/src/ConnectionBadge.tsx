import { useConnection } from "@peek/client/react";
import type { ReactNode } from "react";

const labels = {
  connecting: "connecting",
  live: "live",
  stale: "may be old",
  offline: "offline",
  login: "logged out",
  closed: "closed",
} as const;

/** The user, problems of the device's storage, and whether the data is live. */
export function ConnectionBadge(): ReactNode {
  const { status, reason, user, device } = useConnection();
  const here = encodeURIComponent(location.pathname + location.search);
  return (
    <div className="connection">
      {user !== undefined && <span>{user.name}</span>}
      {device === "memory" && <span>pending changes are lost when this page closes</span>}
      {device === "full" && <span>this device is full</span>}
      {device === "outdated" && <span>there is a newer version: reload the page</span>}
      {status === "login" && <a href={`/peek/login?return=${here}`}>log in</a>}
      <span className={`badge ${status}`} role="status" title={reason}>
        {labels[status]}
      </span>
    </div>
  );
}
