import { InvalidArgumentError } from "commander";

const dayMs = 86_400_000;

/** From when on something is good no more, by a number of days, `90d`, or the last day, `2027-01-31`, in UTC. */
export function expiryTime(text: string): Date {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const time = days === undefined ? endOfDay(text) : new Date(Date.now() + Number(days) * dayMs);
  if (time === undefined) throw new InvalidArgumentError("It is a number of days, such as 90d, or a day: 2027-01-31.");
  if (time.getTime() <= Date.now()) throw new InvalidArgumentError("That is over already.");
  return time;
}

function endOfDay(text: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const time = new Date(`${text}T23:59:59.999Z`);
  // There is no 30th of February; Date takes it for a day in March.
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text) ? time : undefined;
}
