/** The work between two reads of the clock, which cost time. */
const rounds = 2000;

/** Uses `ms` milliseconds of CPU time on its thread. A thread that has to wait for a core takes longer. */
export function spin(ms) {
  const began = process.threadCpuUsage();
  let value = 1;
  for (;;) {
    for (let round = 0; round < rounds; round += 1) value = (value * 48_271) % 2_147_483_647;
    const { user, system } = process.threadCpuUsage(began);
    if (user + system >= ms * 1000) return value;
  }
}
