/** The props that all fields have. A form gives `name`, `value`, `onChange` and `error`: `<TextField label="Text" {...form.field("text")} />`. */
export interface FieldProps<Value> {
  readonly label: string;
  /** A sentence below the field. */
  readonly description?: string;
  readonly name?: string;
  /** Undefined: empty. Without `onChange`, it is the value at the beginning. */
  readonly value?: Value | undefined;
  /** @param value Undefined when a number was removed. */
  readonly onChange?: (value: Value | undefined) => void;
  /** Why the value is refused; undefined: it is not. */
  readonly error?: string | undefined;
  /** Default: false. */
  readonly isRequired?: boolean;
  /** Default: false. */
  readonly isDisabled?: boolean;
  /** Default: false. */
  readonly isReadOnly?: boolean;
  /** Whether it has the focus when it is shown. Default: false. */
  readonly autoFocus?: boolean;
}
