import type { ReactNode } from "react";
import { Switch as AriaSwitch } from "react-aria-components";
import type { FieldProps } from "./FieldProps.ts";

/** The props of {@link Switch}. */
export type SwitchProps = Omit<FieldProps<boolean>, "isRequired" | "error">;

/** A switch for something that takes effect at once. */
export function Switch(props: SwitchProps): ReactNode {
  const { label, description, name, value, onChange, isDisabled, isReadOnly, autoFocus } = props;
  return (
    <div className="peek-field">
      <AriaSwitch
        className="peek-switch"
        {...(name !== undefined && { name })}
        {...(onChange === undefined ? { defaultSelected: value === true } : { isSelected: value === true, onChange })}
        isDisabled={isDisabled === true}
        isReadOnly={isReadOnly === true}
        autoFocus={autoFocus === true}
      >
        <span className="peek-switch-track" aria-hidden="true" />
        {label}
      </AriaSwitch>
      {description !== undefined && <span className="peek-hint">{description}</span>}
    </div>
  );
}
