/** A clock that goes on in a hidden tab: told how often, it says so. */

self.addEventListener("message", ({ data }) => setInterval(() => self.postMessage(null), data));
