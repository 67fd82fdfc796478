/** Milliseconds after the start. By then, a signal that came before the start may have opened the inspector. */
const LATE = [100, 1000];

/** Not --inspect-port, which only says where it would be. */
const WANTED = /--inspect(?:-brk|-wait)?(?:[= ]|$)/;

/**
 * Keeps SIGUSR1 from opening Node's inspector. At its port, every user of the machine could read the token from memory.
 * The option `--inspect` still opens it.
 */
export function ignoreInspectorSignal(): void {
  // A listener takes the place of Node's own handler.
  process.on('SIGUSR1', () => {});
  const isWanted = WANTED.test([...process.execArgv, process.env.NODE_OPTIONS].join(' '));
  if (isWanted) return;
  // A signal that came before this listener opens it when JavaScript begins to run, and again in the first round of
  // the event loop, which ends with setImmediate.
  closeInspector();
  setImmediate(closeInspector);
  for (const time of LATE) setTimeout(closeInspector, time).unref();
}

function closeInspector(): void {
  // A Node can be built without it, and an import would fail then.
  const inspector = process.features.inspector ? process.getBuiltinModule('node:inspector') : undefined;
  if (inspector?.url() !== undefined) inspector.close();
}
