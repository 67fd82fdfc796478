process.on('SIGUSR2', () => {
  // The second collection takes what the finalizers of the first let go.
  globalThis.gc?.();
  globalThis.gc?.();
  process.stderr.write(`heap ${process.memoryUsage().heapUsed}\n`);
});
