// Sent in place of the worker where the service is not to be started without a network: it clears what was kept of the
// page, and is gone. What waits to be sent is not touched.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) =>
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith("shell-")) await caches.delete(name);
      await self.registration.unregister();
    })(),
  ),
);
