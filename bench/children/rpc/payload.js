/** The input and output of each call: 106 bytes as JSON. */
export const payload = {
  id: 4711,
  name: "pump-17.flow",
  value: 42.125,
  unit: "m3/h",
  at: "2026-01-01T12:00:00.000Z",
  good: true,
};

export const payloadText = JSON.stringify(payload);
