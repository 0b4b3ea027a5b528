import type { FieldProps } from "./FieldProps.ts";

/** The props of React Aria's fields, without the value. */
export function ariaFieldProps({
  name,
  error,
  isRequired,
  isDisabled,
  isReadOnly,
  autoFocus,
}: Omit<FieldProps<never>, "label" | "value" | "onChange">): {
  readonly className: string;
  readonly isInvalid: boolean;
  readonly isRequired: boolean;
  readonly isDisabled: boolean;
  readonly isReadOnly: boolean;
  readonly autoFocus: boolean;
  readonly name?: string;
  readonly validationBehavior: "aria";
} {
  return {
    className: "peek-field",
    isInvalid: error !== undefined,
    isRequired: isRequired === true,
    isDisabled: isDisabled === true,
    isReadOnly: isReadOnly === true,
    autoFocus: autoFocus === true,
    ...(name !== undefined && { name }),
    // The form decides what is refused, and says it in the user's language.
    validationBehavior: "aria",
  };
}
