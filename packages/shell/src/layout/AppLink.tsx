import type { ReactNode } from "react";
import { Link } from "wouter";

/** The props of {@link AppLink}. */
export interface AppLinkProps {
  readonly to: string;
  readonly className?: string;
  /** Whether it leads to the page that is shown. */
  readonly isCurrent?: boolean;
  readonly onFollow?: (() => void) | undefined;
  readonly children?: ReactNode;
}

/** A link to a page of the app. */
export function AppLink({ to, className, isCurrent = false, onFollow, children }: AppLinkProps): ReactNode {
  return (
    <Link
      href={to}
      {...(className !== undefined && { className })}
      {...(isCurrent && { "aria-current": "page" as const })}
      {...(onFollow !== undefined && { onClick: onFollow })}
    >
      {children}
    </Link>
  );
}
