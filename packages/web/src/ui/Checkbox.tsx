import type { ReactNode } from "react";
import { Checkbox as AriaCheckbox } from "react-aria-components";
import type { FieldProps } from "./FieldProps.ts";

/** The props of {@link Checkbox}. */
export type CheckboxProps = Omit<FieldProps<boolean>, "isRequired">;

/** A field for yes or no. */
export function Checkbox(props: CheckboxProps): ReactNode {
  const { label, description, name, value, onChange, error, isDisabled, isReadOnly, autoFocus } = props;
  return (
    <div className="peek-field">
      <AriaCheckbox
        className="peek-checkbox"
        {...(name !== undefined && { name })}
        {...(onChange === undefined ? { defaultSelected: value === true } : { isSelected: value === true, onChange })}
        isInvalid={error !== undefined}
        isDisabled={isDisabled === true}
        isReadOnly={isReadOnly === true}
        autoFocus={autoFocus === true}
      >
        <span className="peek-checkbox-box" aria-hidden="true" />
        {label}
      </AriaCheckbox>
      {description !== undefined && <span className="peek-hint">{description}</span>}
      {error !== undefined && <span className="peek-field-error">{error}</span>}
    </div>
  );
}
