import type { ReactNode } from "react";
import { useApp } from "../AppServices.ts";
import { useStore } from "../store/useStore.ts";
import { useTexts } from "../texts/useTexts.ts";

/** The messages above the pages; the latest below. */
export function NotificationList(): ReactNode {
  const { notifications } = useApp();
  const shown = useStore(notifications.state);
  const texts = useTexts();
  return (
    <section className="shell-notifications" aria-label={texts.notifications}>
      {shown.map(({ id, text, tone, source }) => (
        <div
          key={id}
          className="peek-notice"
          data-tone={tone === "error" ? "alarm" : tone}
          role={tone === "error" ? "alert" : "status"}
        >
          <p>
            {source !== undefined && <strong>{source}: </strong>}
            {text}
          </p>
          <button type="button" className="shell-button" onClick={() => notifications.remove(id)}>
            {texts.close}
          </button>
        </div>
      ))}
    </section>
  );
}
