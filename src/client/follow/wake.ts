/**
 * Calls back when a page is shown again or back online: it may have slept meanwhile, and its timers with it. Returns how to stop.
 * Does nothing where there is no page.
 */
export const onWake = (wake: () => void): (() => void) => {
  if (typeof document === 'undefined') return () => {}
  const shown = () => document.visibilityState === 'visible' && wake()
  document.addEventListener('visibilitychange', shown)
  addEventListener('online', wake)
  return () => {
    document.removeEventListener('visibilitychange', shown)
    removeEventListener('online', wake)
  }
}
