import { defineTaskHandler } from "@peek/plugin-base/worker";
import { CountPrimes } from "../../contracts/CountPrimes.ts";

/** Tests every number, and reports the progress in percent. */
export default defineTaskHandler(import.meta, CountPrimes, ({ upTo }, context) => {
  const step = Math.ceil(upTo / 100);
  let count = 0;
  for (let number = 2; number <= upTo; number += 1) {
    if (isPrime(number)) count += 1;
    if (number % step === 0) context.progress(Math.round((100 * number) / upTo));
  }
  return count;
});

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor += 1) if (number % divisor === 0) return false;
  return true;
}
