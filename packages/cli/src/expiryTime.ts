import { InvalidArgumentError } from "commander";

const dayMs = 86_400_000;

/** The time of expiry, from a number of days, `90d`, or the last valid day, `2027-01-31`, in UTC. */
export function expiryTime(text: string): Date {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const time = days === undefined ? endOfDay(text) : new Date(Date.now() + Number(days) * dayMs);
  if (time === undefined)
    throw new InvalidArgumentError("Expected a number of days, such as 90d, or a day: 2027-01-31.");
  if (time.getTime() <= Date.now()) throw new InvalidArgumentError("This time has passed.");
  return time;
}

function endOfDay(text: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const time = new Date(`${text}T23:59:59.999Z`);
  // Date accepts the 30th of February as a day in March.
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text) ? time : undefined;
}
