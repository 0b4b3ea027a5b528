import { type ReactElement, type ReactNode, useContext } from "react";
import { Tooltip as AriaTooltip, TooltipTrigger } from "react-aria-components";
import { OverlayContainerContext } from "../host/OverlayContainerContext.ts";

/** The props of {@link Tooltip}. */
export interface TooltipProps {
  /** A few words. Touch screens do not show them: they must not be needed. */
  readonly text: string;
  /** A `Button`. */
  readonly children: ReactElement;
}

/** A hint that is shown while the pointer is over a button, or the button has the focus. */
export function Tooltip({ text, children }: TooltipProps): ReactNode {
  const container = useContext(OverlayContainerContext);
  return (
    <TooltipTrigger delay={600}>
      {children}
      <AriaTooltip className="peek-tooltip" {...(container !== null && { UNSTABLE_portalContainer: container })}>
        {text}
      </AriaTooltip>
    </TooltipTrigger>
  );
}
