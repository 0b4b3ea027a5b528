import { useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { PluginHostContext } from "../host/PluginHostContext.ts";
import { useKitTexts } from "../locale/useKitTexts.ts";
import type { Form } from "./Form.ts";
import { formErrors } from "./formErrors.ts";
import { type FormSchema, schemaOf } from "./FormSchema.ts";

/** The options of {@link useForm}. */
export interface FormOptions<Output, Input> {
  /** The values at the beginning. Default: none. */
  readonly initial?: Partial<Input>;
  /** Gets the checked values. When it throws, the entered values stay, and `submitError` has the message. */
  readonly onSubmit: (values: Output) => unknown;
}

/**
 * The state of a form whose values are checked with a schema: a type of tuples or actions, or a zod schema of an object. While something
 * was entered and not submitted, the app asks before it leaves or replaces the page.
 *
 * ```tsx
 * const form = useForm(AddIntValue, { initial: { id: 1 }, onSubmit: add });
 * <FormView form={form}><NumberField label="Offset" {...form.field("offset")} /></FormView>
 * ```
 */
export function useForm<Output, Input extends object>(
  schema: FormSchema<Output, Input>,
  { initial, onSubmit }: FormOptions<Output, Input>,
): Form<Input> {
  const [start, setStart] = useState<Partial<Input>>(initial ?? {});
  const [values, setValues] = useState<Partial<Input>>(start);
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const [submitError, setSubmitError] = useState<string>();
  const [isSubmitting, setSubmitting] = useState(false);
  const isDirty = differ(values, start);
  useHeldPage(isDirty);

  // A submit must use the present values and function, and stay the same function.
  const { enterValue: required } = useKitTexts();
  const present = useRef({ values, start, onSubmit, schema, required });
  present.current = { values, start, onSubmit, schema, required };
  const isRunning = useRef(false);

  const set = useCallback<Form<Input>["set"]>((name, value) => {
    setValues((before) => ({ ...before, [name]: value }));
    setErrors(({ [name]: _fixed, ...others }) => others);
  }, []);

  const reset = useCallback<Form<Input>["reset"]>((next) => {
    const begin = next ?? present.current.start;
    setStart(begin);
    setValues(begin);
    setErrors({});
    setSubmitError(undefined);
  }, []);

  const submit = useCallback(async () => {
    if (isRunning.current) return;
    const { values, onSubmit, schema, required } = present.current;
    const checked = schemaOf(schema).safeParse(values);
    setErrors(checked.success ? {} : formErrors(checked.error, values, required));
    setSubmitError(undefined);
    if (!checked.success) return;
    isRunning.current = true;
    setSubmitting(true);
    try {
      await onSubmit(checked.data);
      setStart(values);
    } catch (error) {
      setSubmitError(error instanceof Error ? error.message : String(error));
    } finally {
      isRunning.current = false;
      setSubmitting(false);
    }
  }, []);

  return useMemo(
    () => ({
      values,
      errors,
      isDirty,
      isSubmitting,
      submitError,
      field: (name) => ({
        name,
        value: values[name] ?? undefined,
        onChange: (value: Input[typeof name] | undefined) => set(name, value),
        error: errors[name],
      }),
      set,
      submit,
      reset,
    }),
    [values, errors, isDirty, isSubmitting, submitError, set, submit, reset],
  );
}

function useHeldPage(isHeld: boolean): void {
  const holdPage = useContext(PluginHostContext)?.holdPage;
  useEffect(() => (isHeld ? holdPage?.() : undefined), [isHeld, holdPage]);
}

function differ(one: object, other: object): boolean {
  const before = new Map<string, unknown>(Object.entries(other));
  const now = new Map<string, unknown>(Object.entries(one));
  return [...new Set([...before.keys(), ...now.keys()])].some((key) => !isEqual(before.get(key), now.get(key)));
}

function isEqual(one: unknown, other: unknown): boolean {
  // An emptied field is like one in which nothing was entered.
  return Object.is(one === "" ? undefined : one, other === "" ? undefined : other);
}
