import { useConnection } from "@peek/client/react";
import type { ReactNode } from "react";

const words = {
  connecting: "connecting",
  live: "live",
  stale: "may be old",
  offline: "offline",
  login: "logged out",
  closed: "closed",
} as const;

/** How the page is connected, for people. */
export function ConnectionBadge(): ReactNode {
  const { status, reason, user, device } = useConnection();
  const here = encodeURIComponent(location.pathname + location.search);
  return (
    <p className="connection">
      {user !== undefined && <span>{user.name}</span>}
      {device === "memory" && <span title="Close this page, and what is pending is lost">not kept on this device</span>}
      {device === "full" && <span>this device is full</span>}
      {device === "outdated" && <span>there is a newer version: reload the page</span>}
      <span className={`badge ${status}`} title={reason}>
        {words[status]}
      </span>
      {status === "login" && <a href={`/peek/login?return=${here}`}>log in</a>}
    </p>
  );
}
