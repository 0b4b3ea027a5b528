import type { ReactNode } from "react";
import type { Tone } from "./Tone.ts";

/** The props of {@link Notice}. */
export interface NoticeProps {
  /** Default: `info`. Screen readers read `alarm` at once. */
  readonly tone?: Tone;
  readonly title?: string;
  /** A button at the end. */
  readonly action?: ReactNode;
  readonly children?: ReactNode;
}

/** A message within a page. */
export function Notice({ tone = "info", title, action, children }: NoticeProps): ReactNode {
  return (
    <div className="peek-notice" data-tone={tone} role={tone === "alarm" ? "alert" : "status"}>
      <div className="peek-notice-text">
        {title !== undefined && <strong>{title}</strong>}
        {children !== undefined && <div>{children}</div>}
      </div>
      {action}
    </div>
  );
}
