import { LiveSystem } from "../src/live/LiveSystem.ts";
import { slowReaders } from "../src/live/slowReaders.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/slowReader.ts [seconds]

const seconds = given(600);
const slow = 100;
await using system = await LiveSystem.start();
const figures = await slowReaders(system, {
  slow,
  recovering: 10,
  others: 5,
  rowBytes: 100_000,
  perSecond: 20,
  bytesPerSecond: 1000,
  seconds,
  secondsBefore: Math.min(60, seconds),
});
print("clients that read 1 KB/s of 2 MB/s", slow);
print("for, s", seconds);
print("memory for each of them, MiB", figures.mibEach, "at most 1");
print("memory of field, MiB", figures.fieldMiB);
print("others' p99 before, ms", figures.p99Before);
print("others' p99, ms", figures.p99, "within 10 %");
print("latest state after they recovered, ms", figures.recoveredMs, "at most 2000");
// A browser that reads nothing for 30 s is disconnected, and resumes: at 1 KB/s the kernel's buffers last longer than that.
print("cut off, and resumed", figures.cuts);
print("gaps", figures.gaps, "0");
