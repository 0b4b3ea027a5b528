/**
 * The settings of a session that the texts of values depend on, as {@link valueParsers} reads them. Names and values are
 * constants, safe in SQL. Source: PostgreSQL's documentation, "Client Connection Defaults".
 */
export const outputSettings = {
  TimeZone: "UTC",
  DateStyle: "ISO",
  IntervalStyle: "iso_8601",
  extra_float_digits: "1",
  bytea_output: "hex",
} as const;
