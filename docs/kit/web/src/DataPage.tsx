import { LineChart } from "@peek/web/charts";
import { type DataColumn, DataTable } from "@peek/web/table";
import { Badge, Button, EmptyState, Spinner, Stack, StaleNotice, Table } from "@peek/web/ui";
import type { ReactNode } from "react";
import { Example } from "./Example.tsx";

interface Reading {
  readonly id: number;
  readonly station: string;
  readonly flow: number;
  readonly isOn: boolean;
}

const readings: readonly Reading[] = Array.from({ length: 10_000 }, (_, index) => ({
  id: index + 1,
  station: `Station ${index + 1}`,
  flow: Math.round(1000 + 400 * Math.sin(index)) / 10,
  isOn: index % 7 !== 3,
}));

const columns: readonly DataColumn<Reading>[] = [
  { id: "id", title: "Id", value: ({ id }) => id, align: "end", width: "6rem" },
  { id: "station", title: "Station", value: ({ station }) => station, width: "minmax(8rem, 2fr)", isRowHeader: true },
  { id: "flow", title: "Flow, l/s", value: ({ flow }) => flow, align: "end" },
  {
    id: "isOn",
    title: "State",
    value: ({ isOn }) => isOn,
    cell: ({ isOn }) => <Badge tone={isOn ? "success" : "alarm"}>{isOn ? "On" : "Off"}</Badge>,
  },
];

const keyOf = ({ id }: Reading): number => id;

/** 5 March 2026, 12:00 UTC. */
const noon = 1_772_712_000_000;
const minute = 60_000;
const times = Array.from({ length: 240 }, (_, index) => noon + index * minute);
const series = [
  { id: "in", title: "Inflow", values: times.map((_, index) => 100 + 30 * Math.sin(index / 20)) },
  {
    id: "out",
    title: "Outflow",
    values: times.map((_, index) => (index > 150 && index < 170 ? null : 90 + 20 * Math.cos(index / 30))),
  },
];

/** Tables, charts, and the states of data. */
export default function DataPage(): ReactNode {
  return (
    <div className="examples">
      <Example name="Table" isWide>
        <Table
          label="Pumps"
          rows={readings.slice(0, 3)}
          rowKey={keyOf}
          columns={[
            { id: "station", title: "Station", isRowHeader: true, cell: ({ station }) => station },
            { id: "flow", title: "Flow, l/s", align: "end", cell: ({ flow }) => flow },
            { id: "action", title: "Change", cell: () => <Button>Switch</Button> },
          ]}
        />
      </Example>
      <Example name="DataTable" isWide>
        <DataTable label="Readings" columns={columns} rows={readings} rowKey={keyOf} height="18rem" />
      </Example>
      <Example name="LineChart" isWide>
        <LineChart label="Reservoir" times={times} series={series} unit="l/s" />
      </Example>
      <Example name="StaleNotice">
        <StaleNotice
          state={{ tuples: [], status: "stale", asOf: new Date(noon), reason: "The database does not answer" }}
        />
      </Example>
      <Example name="Badge, Spinner">
        <Stack direction="row">
          <Badge>Neutral</Badge>
          <Badge tone="info">Info</Badge>
          <Badge tone="success">On</Badge>
          <Badge tone="warning">Low</Badge>
          <Badge tone="alarm">Off</Badge>
          <Spinner />
        </Stack>
      </Example>
      <Example name="EmptyState">
        <EmptyState title="There are no pumps">
          <Button icon="plus">Add a pump</Button>
        </EmptyState>
      </Example>
    </div>
  );
}
