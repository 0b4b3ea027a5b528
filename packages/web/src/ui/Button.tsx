import type { ReactNode } from "react";
import { Button as AriaButton } from "react-aria-components";
import { Icon } from "./Icon.tsx";

/** The props of {@link Button}. */
export interface ButtonProps {
  /** The text. Without one, `label` says what the button does. */
  readonly children?: ReactNode;
  /** For screen readers, in place of the text. */
  readonly label?: string;
  /** The name of an icon of lucide.dev before the text. */
  readonly icon?: string;
  /**
   * - `normal`
   * - `primary`: the main one of a page or a dialog.
   * - `quiet`: without a frame.
   * - `danger`: it removes or stops something.
   *
   * Default: `normal`.
   */
  readonly kind?: "normal" | "primary" | "quiet" | "danger";
  readonly onPress?: () => unknown;
  /** `submit`: it submits its form. Default: `button`. */
  readonly type?: "button" | "submit";
  /** Default: false. */
  readonly isDisabled?: boolean;
  /** Whether what it started is not done: it cannot be pressed then. Default: false. */
  readonly isPending?: boolean;
  /** Whether it has the focus when it is shown. Default: false. */
  readonly autoFocus?: boolean;
}

/** A button. */
export function Button(props: ButtonProps): ReactNode {
  const { children, label, icon, kind = "normal", onPress, type = "button", isDisabled, isPending, autoFocus } = props;
  return (
    <AriaButton
      className="peek-button"
      data-kind={kind}
      type={type}
      {...(label !== undefined && { "aria-label": label })}
      {...(onPress !== undefined && { onPress: () => void onPress() })}
      isDisabled={isDisabled === true}
      isPending={isPending === true}
      autoFocus={autoFocus === true}
    >
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </AriaButton>
  );
}
