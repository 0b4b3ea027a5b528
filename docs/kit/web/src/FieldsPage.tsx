import { useForm } from "@peek/web";
import { Checkbox, FormView, NumberField, Select, Stack, Switch, TextField } from "@peek/web/ui";
import type { ReactNode } from "react";
import { z } from "zod";
import { Example } from "./Example.tsx";

const Pump = z.object({
  name: z.string().min(3).max(40),
  power: z.number().min(1).max(500),
  kind: z.enum(["water", "oil"]),
  isSpare: z.boolean(),
});

/** Fields, alone and in a form. */
export default function FieldsPage(): ReactNode {
  const form = useForm(Pump, { initial: { name: "P1", kind: "water", isSpare: false }, onSubmit: () => undefined });
  return (
    <div className="examples">
      <Example name="TextField">
        <Stack>
          <TextField label="Name" value="Pump 1" description="As on the sign" />
          <TextField label="Note" isMultiline rows={3} placeholder="For the next shift" />
          <TextField label="Station" value="x" error="Enter at least 3 characters" isRequired />
          <TextField label="Serial number" value="4711" isReadOnly />
        </Stack>
      </Example>
      <Example name="NumberField">
        <Stack>
          <NumberField label="Power, kW" value={230} min={0} max={500} />
          <NumberField label="Level" value={0.41} format={{ style: "percent" }} step={0.01} />
          <NumberField label="Pressure, bar" value={6} isDisabled />
        </Stack>
      </Example>
      <Example name="Select, Checkbox, Switch">
        <Stack>
          <Select
            label="Kind"
            value="water"
            options={[
              { id: "water", text: "Water", icon: "droplets" },
              { id: "oil", text: "Oil" },
            ]}
          />
          <Select label="Model" value="a" isReadOnly options={[{ id: "a", text: "A 200" }]} />
          <Checkbox label="Spare pump" value={true} />
          <Checkbox label="Remote control" />
          <Switch label="Automatic" value={true} />
          <Switch label="Night mode" isDisabled />
        </Stack>
      </Example>
      <Example name="useForm, FormView">
        <FormView form={form} submitText="Save">
          <TextField label="Name" isRequired {...form.field("name")} />
          <NumberField label="Power, kW" isRequired {...form.field("power")} />
          <Select
            label="Kind"
            options={[
              { id: "water", text: "Water" },
              { id: "oil", text: "Oil" },
            ]}
            {...form.field("kind")}
          />
          <Checkbox label="Spare pump" {...form.field("isSpare")} />
        </FormView>
      </Example>
    </div>
  );
}
