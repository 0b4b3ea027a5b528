import type { PendingAction } from "@peek/client";
import { usePeek, usePending } from "@peek/client/react";
import type { ReactNode } from "react";
import { useFailure } from "./useFailure.ts";

const plugin = "peek_plugin_tutorial.";

/** What was pressed and is not confirmed yet, and what was rejected. */
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
  const [failure, tell] = useFailure();
  return (
    <section className={className}>
      <h2>
        {actions.length} {className}
      </h2>
      {failure !== undefined && <p role="alert">{failure}</p>}
      <ul>
        {actions.map(({ id, type, status, error }) => (
          <li key={id}>
            {type.slice(plugin.length)}: {error?.message ?? status}
            {status === "rejected" && (
              <button type="button" onClick={() => tell(client.dismiss(id))}>
                Dismiss
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
