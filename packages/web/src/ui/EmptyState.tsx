import type { ReactNode } from "react";
import { Icon } from "./Icon.tsx";

/** The props of {@link EmptyState}. */
export interface EmptyStateProps {
  /** The name of an icon of lucide.dev. Default: "inbox". */
  readonly icon?: string;
  readonly title: string;
  /** The next step of the user. */
  readonly children?: ReactNode;
}

/** Says that there is nothing to show, and what to do. */
export function EmptyState({ icon = "inbox", title, children }: EmptyStateProps): ReactNode {
  return (
    <div className="peek-empty">
      <Icon name={icon} />
      <p className="peek-empty-title">{title}</p>
      {children}
    </div>
  );
}
