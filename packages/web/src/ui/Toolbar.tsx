import type { ReactNode } from "react";
import { Toolbar as AriaToolbar } from "react-aria-components";

/** The props of {@link Toolbar}. */
export interface ToolbarProps {
  /** For screen readers: "Rows". */
  readonly label: string;
  readonly children?: ReactNode;
}

/** A row of buttons and fields. The arrow keys move between them. */
export function Toolbar({ label, children }: ToolbarProps): ReactNode {
  return (
    <AriaToolbar aria-label={label} className="peek-toolbar">
      {children}
    </AriaToolbar>
  );
}
