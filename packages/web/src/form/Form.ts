/** The props that a field of the UI kit takes from a form: `<TextField label="Text" {...form.field("string1")} />`. */
export interface FormField<Value> {
  readonly name: string;
  /** Undefined while nothing was entered. */
  readonly value: Value | undefined;
  readonly onChange: (value: Value | undefined) => void;
  /** Why the value cannot be submitted; undefined if it can, or was not submitted yet. */
  readonly error: string | undefined;
}

/** The state of a form. Made by `useForm`. */
export interface Form<Input extends object> {
  /** The entered values. */
  readonly values: Partial<Input>;
  /** By field. `""` has the errors that concern no single field. */
  readonly errors: Readonly<Record<string, string>>;
  /** Whether a value differs from the initial one. The app asks before it leaves the page then. */
  readonly isDirty: boolean;
  readonly isSubmitting: boolean;
  /** Why the last submit failed: the message of the error that `onSubmit` has thrown. The entered values stay. */
  readonly submitError: string | undefined;
  /** The props of a field. */
  field<Name extends keyof Input & string>(name: Name): FormField<NonNullable<Input[Name]>>;
  set<Name extends keyof Input & string>(name: Name, value: Input[Name] | undefined): void;
  /** Checks the values with the schema, and calls `onSubmit` if they fit. It never rejects. */
  submit(): Promise<void>;
  /** Sets the initial values again, or other ones, and removes the errors. */
  reset(values?: Partial<Input>): void;
}
