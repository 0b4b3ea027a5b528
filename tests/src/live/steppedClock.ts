// Imported first into a service: sets its clock back an hour, and forth again, repeatedly.

const hour = 3_600_000;
const RealDate = Date;

/** The present offset. It changes every tenth of a second. */
function offset(): number {
  return Math.floor(performance.now() / 100) % 2 === 0 ? 0 : -hour;
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: [], made) =>
    Reflect.construct(target, args.length === 0 ? [RealDate.now() + offset()] : args, made) as Date,
  get: (target, name) =>
    name === "now" ? (): number => RealDate.now() + offset() : (Reflect.get(target, name) as unknown),
});
