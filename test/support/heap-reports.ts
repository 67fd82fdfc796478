process.on('SIGUSR2', () => {
  // The second collection takes what the finalizers of the first let go.
  globalThis.gc?.();
  globalThis.gc?.();
  const timers = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  process.stderr.write(`timers ${timers}\nheap ${process.memoryUsage().heapUsed}\n`);
});
