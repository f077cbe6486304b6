/**
 * Waiting between attempts: full jitter, so that hundreds of players that lost the same server do not come back at once
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */

export class Backoff {
  /**
   * @param {number} minMs of the first wait's upper bound
   * @param {number} maxMs of any wait's upper bound
   * @param {() => number} [random] in [0, 1)
   */
  constructor(minMs, maxMs, random = Math.random) {
    this.minMs = minMs;
    this.maxMs = maxMs;
    this.random = random;
    this.attempt = 0;
  }

  /** @returns {number} ms to wait now; the bound doubles each time */
  next() {
    const bound = Math.min(this.maxMs, this.minMs * 2 ** this.attempt);
    this.attempt = Math.min(this.attempt + 1, 30);
    return bound * (0.2 + 0.8 * this.random());
  }

  reset() {
    this.attempt = 0;
  }
}

/**
 * @param {number} ms
 * @param {AbortSignal} [signal] rejects with its reason
 * @returns {Promise<void>}
 */
export function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(done, ms);
    function done() {
      signal?.removeEventListener("abort", stopped);
      resolve();
    }
    function stopped() {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    signal?.addEventListener("abort", stopped, { once: true });
  });
}

/** A wait that can be cut short. */
export class Pause {
  /** @type {AbortController | null} */
  #over = null;

  /**
   * @param {number} ms
   * @param {AbortSignal} signal rejects with its reason
   */
  async wait(ms, signal) {
    const over = new AbortController();
    this.#over = over;
    try {
      await sleep(ms, either(signal, over.signal));
    } catch (error) {
      if (signal.aborted) throw error;
    } finally {
      over.abort(); // or each wait would leave a listener at a signal that outlives it
    }
  }

  end() {
    this.#over?.abort();
  }
}

/**
 * A signal that fires with the first of these. For iPhones before iOS 17.4, which have no `AbortSignal.any`.
 * @param {AbortSignal[]} signals
 * @returns {AbortSignal}
 */
export function either(...signals) {
  if (typeof AbortSignal.any === "function") return AbortSignal.any(signals);
  const all = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) all.abort(signal.reason);
    signal.addEventListener("abort", () => all.abort(signal.reason), { once: true, signal: all.signal });
  }
  return all.signal;
}

/**
 * A signal that fires with `signal` or after `ms`.
 * @param {number} ms
 * @param {AbortSignal} [signal]
 * @returns {AbortSignal}
 */
export function within(ms, signal) {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new DOMException("timed out", "TimeoutError")), ms);
  signal?.addEventListener("abort", () => clearTimeout(timer), { once: true, signal: timeout.signal });
  return signal ? either(signal, timeout.signal) : timeout.signal;
}
