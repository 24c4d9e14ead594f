// Waiting for the kernel, and no longer than a deadline.

/** What `pending` comes to, or undefined where that takes longer; then nobody waits for it any more. */
export async function withinDeadline<Value>(pending: Promise<Value>, milliseconds: number): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, milliseconds, undefined)));
  try {
    return await Promise.race([pending, late]);
  } finally {
    clearTimeout(timer);
  }
}
