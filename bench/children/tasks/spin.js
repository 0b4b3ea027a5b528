/** Between two looks at the clock; looking is not free. */
const rounds = 2000;

/** Uses up so much of the CPU time of its thread; milliseconds. A thread that has to wait for a core takes longer. */
export function spin(ms) {
  const began = process.threadCpuUsage();
  let value = 1;
  for (;;) {
    for (let round = 0; round < rounds; round += 1) value = (value * 48_271) % 2_147_483_647;
    const { user, system } = process.threadCpuUsage(began);
    if (user + system >= ms * 1000) return value;
  }
}
