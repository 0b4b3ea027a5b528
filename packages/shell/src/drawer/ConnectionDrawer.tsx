import type { PeekClient, PendingAction } from "@peek/client";
import { useFormat } from "@peek/web";
import type { ReactNode } from "react";
import { useApp } from "../AppServices.ts";
import { Dialog } from "../layout/Dialog.tsx";
import { useConnectionSummary } from "../live/useConnectionSummary.ts";
import { usePendingActions } from "../live/usePendingActions.ts";
import { useStore } from "../store/useStore.ts";
import { useTexts } from "../texts/useTexts.ts";
import { actionTitle } from "./actionTitle.ts";

/** The state of the connection, with the actions that wait and those that were rejected. */
export function ConnectionDrawer({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { client, catalogue, events } = useApp();
  const texts = useTexts();
  const { status, text, reason } = useConnectionSummary();
  const present = client();
  const reconnect = (): void => {
    present?.reconnect();
    events.connect();
    void catalogue.refresh();
  };
  const current = present === undefined ? texts.siteEventsAreCurrent : texts.dataIsCurrent;
  return (
    <Dialog title={texts.connection} place="side" onClose={onClose}>
      <p className="shell-state" data-status={status}>
        {text}
      </p>
      <p>{status === "live" ? current : reason}</p>
      {status !== "live" && (
        <button type="button" className="shell-button" onClick={reconnect}>
          {texts.reconnect}
        </button>
      )}
      {present !== undefined && (
        <>
          <DeviceNotice client={present} />
          <ActionLists client={present} />
        </>
      )}
      <button type="button" className="shell-button shell-dialog-close" onClick={onClose}>
        {texts.close}
      </button>
    </Dialog>
  );
}

/** The limits of the storage of the device. */
function DeviceNotice({ client }: { readonly client: PeekClient }): ReactNode {
  const texts = useTexts();
  const { device } = useStore(client.connection);
  if (device === "device" || device === "opening") return null;
  const text = { memory: texts.deviceMemory, full: texts.deviceFull, outdated: texts.deviceOutdated }[device];
  return (
    <div className="peek-notice" data-tone="warning">
      <p>{text}</p>
    </div>
  );
}

function ActionLists({ client }: { readonly client: PeekClient }): ReactNode {
  const texts = useTexts();
  const actions = usePendingActions();
  const rejected = actions.filter(({ status }) => status === "rejected");
  const waiting = actions.filter(({ status }) => status !== "rejected");
  return (
    <>
      <h3>{texts.waitingChanges}</h3>
      {waiting.length === 0 ? (
        <p className="shell-muted">{texts.noWaitingChanges}</p>
      ) : (
        <ActionList client={client} actions={waiting} />
      )}
      {rejected.length > 0 && (
        <>
          <h3>{texts.rejectedChanges}</h3>
          <ActionList client={client} actions={rejected} />
        </>
      )}
    </>
  );
}

interface ActionListProps {
  readonly client: PeekClient;
  readonly actions: readonly PendingAction[];
}

function ActionList({ client, actions }: ActionListProps): ReactNode {
  const texts = useTexts();
  const format = useFormat();
  const { catalogue } = useApp();
  const plugins = useStore(catalogue.state).catalogue?.plugins ?? [];
  const labels = { queued: texts.queued, sent: texts.sent, rejected: texts.rejected };
  return (
    <ul className="shell-pending-list">
      {actions.map((action) => (
        <li key={action.id} data-status={action.status}>
          <p>
            <strong>{actionTitle(action, plugins)}</strong>
            <time dateTime={action.pushedAt}>{format.time(new Date(action.pushedAt))}</time>
          </p>
          <p>{action.error?.message ?? labels[action.status]}</p>
          <details className="shell-details">
            <summary>{texts.details}</summary>
            <pre tabIndex={0}>{JSON.stringify(action.action, null, 2)}</pre>
          </details>
          {isDismissible(action) && (
            <button type="button" className="shell-button" onClick={() => void client.dismiss(action.id)}>
              {texts.dismiss}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

/** A rejected action, or one that waits for another version of its plugin, which may never come. */
function isDismissible({ status, error }: PendingAction): boolean {
  return status === "rejected" || error?.code === "ACTION_UPDATE_NEEDED";
}
