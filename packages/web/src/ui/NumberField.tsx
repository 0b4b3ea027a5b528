import type { ReactNode } from "react";
import { Button, Group, Input, NumberField as AriaNumberField } from "react-aria-components";
import { ariaFieldProps } from "./ariaFieldProps.ts";
import type { FieldProps } from "./FieldProps.ts";
import { FieldHints, FieldLabel } from "./FieldTexts.tsx";
import { Icon } from "./Icon.tsx";
import { valueProps } from "./valueProps.ts";

/** The props of {@link NumberField}. */
export interface NumberFieldProps extends FieldProps<number> {
  /** Default: no limit. */
  readonly min?: number;
  /** Default: no limit. */
  readonly max?: number;
  /** The difference that the buttons and the arrow keys make. Default: 1. */
  readonly step?: number;
  /** How the number is written. Default: as the language has it. */
  readonly format?: Intl.NumberFormatOptions;
}

/** A field for a number, with buttons that change it. */
export function NumberField(props: NumberFieldProps): ReactNode {
  const { label, description, error, min, max, step = 1, format, isRequired } = props;
  const { value, onChange } = props;
  const changed = onChange && ((next: number) => onChange(Number.isNaN(next) ? undefined : next));
  return (
    <AriaNumberField
      {...ariaFieldProps(props)}
      {...valueProps(value, changed, Number.NaN)}
      {...(min !== undefined && { minValue: min })}
      {...(max !== undefined && { maxValue: max })}
      {...(format !== undefined && { formatOptions: format })}
      step={step}
    >
      <FieldLabel label={label} isRequired={isRequired} />
      <Group className="peek-number">
        <Button slot="decrement" className="peek-button">
          <Icon name="minus" />
        </Button>
        <Input className="peek-input" />
        <Button slot="increment" className="peek-button">
          <Icon name="plus" />
        </Button>
      </Group>
      <FieldHints description={description} error={error} />
    </AriaNumberField>
  );
}
