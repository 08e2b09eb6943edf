// The service worker of the scanning pages: they load without network. It keeps the last page that the server gave, with
// the very files that this page names, and knows no version of its own: no page can be left with files of another.
(() => {
  const { vault } = globalThis.turnoutDoor
  const KEPT = "turnout-door", PAGE = "/door", PATIENCE_MS = 5000
  const find = (cache, what) => cache.match(what, { ignoreVary: true })
  const files = (html) => [...new Set(html.match(/\/static\/[\w.-]+/g) || [])]

  async function keep(answer) {
    const cache = await caches.open(KEPT), before = await find(cache, PAGE)
    const needed = files(await answer.clone().text())
    await Promise.all(needed.map(async (path) => (await find(cache, path)) || cache.add(path)))
    await cache.put(PAGE, answer)
    // A page that is still open may ask for a file of its own later.
    const kept = new Set([PAGE, ...needed, ...(before ? files(await before.text()) : [])])
    for (const request of await cache.keys()) if (!kept.has(new URL(request.url).pathname)) await cache.delete(request)
  }

  const keptPage = async () => find(await caches.open(KEPT), PAGE)

  async function look() {
    const answer = await fetch(PAGE).catch(() => null)
    if (!answer?.ok || answer.redirected) return
    await keep(answer)
    for (const client of await self.clients.matchAll()) client.postMessage("kept")
  }

  const isOver = async () => vault.isOver(await fetch("/door/here", { headers: { "HX-Request": "true" } }))

  // The link has ended: nothing that opens tickets stays. Where scans were not sent, the page stays to say so.
  async function end(answer) {
    await vault.forgetPack()
    if ((await vault.all("queue")).length) return (await keptPage()) || answer
    await caches.delete(KEPT)
    return answer
  }

  async function navigate(event, url) {
    const isPage = event.request.method === "GET" && url.pathname === PAGE
    const asked = fetch(event.request)
    const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, null))
    const answer = await Promise.race([asked, patience]).catch(() => null)
    if (!answer) return without(isPage, asked)
    if (isPage && answer.status === 404 && (await isOver().catch(() => false))) return end(answer)
    if (isPage && (answer.status >= 500 || answer.status === 404)) return (await keptPage()) || answer
    if (isPage && !url.search && answer.ok) event.waitUntil(keep(answer.clone()))
    return answer
  }

  async function without(isPage, asked) {
    const page = await keptPage()
    if (!page) return asked
    return isPage ? page : Response.redirect(PAGE)
  }

  const file = async (request) => (await find(await caches.open(KEPT), request)) || fetch(request)

  self.addEventListener("install", () => self.skipWaiting())
  self.addEventListener("activate", (event) => event.waitUntil(Promise.all([self.clients.claim(), look()])))
  self.addEventListener("message", (event) => event.waitUntil(look()))
  self.addEventListener("fetch", (event) => {
    const url = new URL(event.request.url)
    if (url.origin !== location.origin) return
    if (event.request.mode === "navigate") event.respondWith(navigate(event, url))
    else if (event.request.method === "GET" && url.pathname.startsWith("/static/")) event.respondWith(file(event.request))
  })
})()
