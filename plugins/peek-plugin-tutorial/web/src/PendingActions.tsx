import type { PendingAction } from "@peek/client";
import { usePeek, usePending } from "@peek/client/react";
import { Button, Notice } from "@peek/web/ui";
import type { ReactNode } from "react";
import { actionTitle } from "./actionTitle.ts";
import { useLastError } from "./useLastError.ts";

const plugin = "peek_plugin_tutorial.";
const labels = { queued: "waiting on this device", sent: "sent, not confirmed", rejected: "rejected" } as const;

/** The user's actions that logic has not executed yet, or has rejected. */
export function PendingActions(): ReactNode {
  // Pages of other plugins push actions too.
  const own = usePending().filter(({ type }) => type.startsWith(plugin));
  const { rejected = [], pending = [] } = Object.groupBy(own, ({ status }) =>
    status === "rejected" ? status : "pending",
  );
  return (
    <>
      {pending.length > 0 && <ActionList className="pending" actions={pending} />}
      {rejected.length > 0 && <ActionList className="rejected" actions={rejected} />}
    </>
  );
}

interface ActionListProps {
  readonly className: "pending" | "rejected";
  readonly actions: readonly PendingAction[];
}

function ActionList({ className, actions }: ActionListProps): ReactNode {
  const client = usePeek();
  const [message, track] = useLastError();
  return (
    <section className={`actions ${className}`}>
      <h2>
        {actions.length} {className}
      </h2>
      {message !== undefined && <Notice tone="alarm">{message}</Notice>}
      <ul>
        {actions.map((action) => (
          <li key={action.id}>
            <span>
              {actionTitle(action)}: {action.error?.message ?? labels[action.status]}
            </span>
            {action.status === "rejected" && <Button onPress={() => track(client.dismiss(action.id))}>Dismiss</Button>}
          </li>
        ))}
      </ul>
    </section>
  );
}
