import type { FormEvent, ReactNode } from "react";
import type { Form } from "../form/Form.ts";
import { useKitTexts } from "../locale/useKitTexts.ts";
import { Button } from "./Button.tsx";
import { Notice } from "./Notice.tsx";

/** The props of {@link FormView}. */
export interface FormViewProps<Input extends object> {
  /** The result of `useForm`. */
  readonly form: Form<Input>;
  /** The text of the button that submits. Undefined: the children have one, with `type="submit"`. */
  readonly submitText?: string;
  readonly children?: ReactNode;
}

/** A form: its fields, the errors of the last submit, and the button that submits. */
export function FormView<Input extends object>({ form, submitText, children }: FormViewProps<Input>): ReactNode {
  const texts = useKitTexts();
  const { errors, submitError, isSubmitting } = form;
  const message = submitError ?? errors[""] ?? (Object.keys(errors).length > 0 ? texts.invalid : undefined);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void form.submit();
  };
  return (
    <form className="peek-form" noValidate onSubmit={submit}>
      {message !== undefined && <Notice tone="alarm">{message}</Notice>}
      {children}
      {submitText !== undefined && (
        <div className="peek-actions">
          <Button type="submit" kind="primary" isPending={isSubmitting}>
            {submitText}
          </Button>
        </div>
      )}
    </form>
  );
}
