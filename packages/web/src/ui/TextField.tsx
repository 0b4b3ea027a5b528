import type { ReactNode } from "react";
import { Input, TextArea, TextField as AriaTextField } from "react-aria-components";
import { ariaFieldProps } from "./ariaFieldProps.ts";
import type { FieldProps } from "./FieldProps.ts";
import { FieldHints, FieldLabel } from "./FieldTexts.tsx";
import { valueProps } from "./valueProps.ts";

/** The props of {@link TextField}. */
export interface TextFieldProps extends FieldProps<string> {
  /** Default: `text`. */
  readonly type?: "text" | "password" | "email" | "tel" | "url" | "search";
  /** Whether the text may have several lines. Default: false. */
  readonly isMultiline?: boolean;
  /** The height of several lines. Default: 4. */
  readonly rows?: number;
  /** In UTF-16 code units. Default: no limit. */
  readonly maxLength?: number;
  readonly placeholder?: string;
}

/** A field for text. */
export function TextField(props: TextFieldProps): ReactNode {
  const { label, description, error, type = "text", isMultiline, rows = 4, maxLength, placeholder, isRequired } = props;
  const { value, onChange } = props;
  const hint = placeholder === undefined ? {} : { placeholder };
  return (
    <AriaTextField
      {...ariaFieldProps(props)}
      {...valueProps(value, onChange, "")}
      type={type}
      {...(maxLength !== undefined && { maxLength })}
    >
      <FieldLabel label={label} isRequired={isRequired} />
      {isMultiline === true ? (
        <TextArea className="peek-input" rows={rows} dir="auto" {...hint} />
      ) : (
        <Input className="peek-input" dir="auto" {...hint} />
      )}
      <FieldHints description={description} error={error} />
    </AriaTextField>
  );
}
