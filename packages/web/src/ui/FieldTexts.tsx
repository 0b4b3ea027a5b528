import type { ReactNode } from "react";
import { FieldError, Label, Text } from "react-aria-components";
import { useKitTexts } from "../locale/useKitTexts.ts";

/** The label of a field. */
export function FieldLabel({
  label,
  isRequired,
}: {
  readonly label: string;
  readonly isRequired?: boolean | undefined;
}): ReactNode {
  const texts = useKitTexts();
  return (
    <Label className="peek-label">
      {label}
      {isRequired === true && <span className="peek-muted"> ({texts.required})</span>}
    </Label>
  );
}

/** The sentences below a field. */
export function FieldHints({
  description,
  error,
}: {
  readonly description?: string | undefined;
  readonly error?: string | undefined;
}): ReactNode {
  return (
    <>
      {description !== undefined && (
        <Text slot="description" className="peek-hint">
          {description}
        </Text>
      )}
      <FieldError className="peek-field-error">{error}</FieldError>
    </>
  );
}
