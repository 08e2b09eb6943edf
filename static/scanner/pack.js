// The pack of the list at which this phone stands: fetched part by part, brought up to date, looked into, and forgotten in time.
(() => {
  const door = (globalThis.turnoutDoor ||= {})
  const { vault, sealed } = door
  const root = document.querySelector("[data-scanner]")
  if (!root) return

  const EVERY_MS = 60_000, PATIENCE_MS = 4000, IMPATIENCE_MS = 1500, AGAIN_MS = 4000, PART_MS = 20_000
  const FEW = 1024, DIGEST = 4, OF_NOTHING = [0xe3, 0xb0, 0xc4, 0x42]
  let isAway = false, offset = 0, isClockKnown = false

  const now = () => Date.now() + offset
  const here = root.dataset
  const isOfHere = (pack) => pack?.device_id === here.device && pack.list.id === here.list

  // Asks the server; null where there is no network, or what answers is not Turnout in working order.
  async function ask(path, body, patience = isAway ? IMPATIENCE_MS : PATIENCE_MS) {
    const headers = { "HX-Request": "true" }, sent = Date.now()
    try {
      const answer = await fetch(path, { method: body ? "POST" : "GET", body, headers, signal: AbortSignal.timeout(patience) })
      const isOver = vault.isOver(answer), isWorking = isOver || (answer.status < 500 && ![404, 429].includes(answer.status))
      if (isWorking) await noteClock(answer, sent)
      reached(isWorking)
      if (isOver) await ended()
      return isWorking ? answer : null
    } catch {
      reached(false)
      return null
    }
  }

  function reached(isThere) {
    if (isAway === !isThere) return
    isAway = !isThere
    if (isAway) setTimeout(tryAgain, AGAIN_MS)
    document.dispatchEvent(new CustomEvent("door:network", { detail: isThere }))
  }

  async function tryAgain() {
    if (!isAway) return
    await ask("/door/here")
    if (isAway) setTimeout(tryAgain, AGAIN_MS)
  }

  async function noteClock(answer, sent) {
    const told = answer.headers.get("Turnout-Now")
    if (!told) return
    offset = Date.parse(told) - (sent + Date.now()) / 2
    isClockKnown = true
    await vault.change(["about", "offset", offset])
  }

  async function ended() {
    await vault.forgetPack()
    document.dispatchEvent(new CustomEvent("door:ended"))
  }

  const hex = (digest) => sealed.hex(digest).slice(0, DIGEST * 2)
  const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16))
  const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
  const noDigests = (spread) => Uint8Array.from({ length: spread * DIGEST }, (_, at) => OF_NOTHING[at % DIGEST])

  // What is known of the buckets that lie here; nothing where there are as many others.
  const known = (pack, spread) => (pack?.digests?.length === spread * DIGEST ? pack.digests.slice() : noDigests(spread))

  // Parts follow each other while something is missing and less of it each time. What came of a pack stays when the
  // network goes, so the next time goes on from there.
  async function refresh() {
    for (let before = Infinity, left; (left = await nextPart()) < before && left; before = left) {
      document.dispatchEvent(new CustomEvent("door:part"))
    }
  }

  // Fetches a part; says how many bytes are missing then.
  async function nextPart() {
    let pack = await vault.read("about", "pack")
    if (pack && !isOfHere(pack)) {
      await vault.forgetPack()
      pack = null
    }
    const asking = pack && new URLSearchParams({ etag: pack.etag, have: base64(known(pack, pack.spread || FEW)) })
    const answer = await ask("/door/pack", asking || undefined, PART_MS)
    if (!answer?.ok) return Infinity
    const times = { until: Date.parse(answer.headers.get("Turnout-Until")), asOf: now() }
    if (answer.status !== 204) return take(await answer.arrayBuffer(), times, pack)
    await vault.change(["about", "pack", { ...pack, ...times }])
    return 0
  }

  // Each bucket is checked against its digest; one that came apart is missing and comes again. All of a part, or nothing.
  async function take(body, times, before) {
    const length = new DataView(body).getUint32(0)
    const { buckets, ...head } = JSON.parse(new TextDecoder().decode(new Uint8Array(body, 4, length)))
    const spread = head.spread || FEW, digests = known(before, spread)
    const changes = before && (before.spread || FEW) !== spread ? [["buckets"]] : []
    let from = 4 + length, left = head.left || 0
    for (const [at, size, digest] of buckets) {
      const bucket = body.slice(from, from + size)
      from += size
      if (crypto.subtle && hex(await crypto.subtle.digest("SHA-256", bucket)) !== digest) left += size
      else {
        changes.push(["buckets", at, size ? bucket : undefined])
        digests.set(unhex(digest), at * DIGEST)
      }
    }
    await vault.change(...changes, ["about", "pack", { ...head, ...times, spread, digests, left, etag: left ? "" : head.etag }])
    return left
  }

  // The pack of now, without its records; null where there is none for this place, or its time is over.
  async function current() {
    const pack = await vault.read("about", "pack")
    if (!isOfHere(pack)) return null
    if (now() < pack.until) return pack
    await vault.forgetPack()
    return null
  }

  // The ticket of a code as this phone knows it: `{id, ticket, pack}`, the ticket null where it does not.
  async function find(code) {
    const secret = crypto.subtle ? sealed.secretIn(code) : "", pack = secret && (await current())
    if (!secret) return { pack: await current(), ticket: null }
    const eventId = here.event, id = await sealed.idOf(secret, eventId)
    const bucket = pack && (await vault.read("buckets", sealed.bucketOf(id, pack.spread)))
    const ticket = (bucket && (await sealed.open(secret, eventId, id, bucket))) || (await stranger(code))
    return { id: sealed.hex(id), pack, ticket }
  }

  async function stranger(code) {
    const said = await sealed.signed(code, here.key)
    if (said?.eventId !== here.event) return null
    return { isSigned: true, state: "valid", typeId: said.typeId, name: "", standing: { entries: 0, isInside: false, at: 0 } }
  }

  async function keepFresh() {
    await refresh().catch((error) => console.warn("The pack could not be kept:", error.message))
    document.dispatchEvent(new CustomEvent("door:pack"))
    setTimeout(keepFresh, EVERY_MS * (0.8 + Math.random() / 2.5))
  }

  door.now = now
  door.ask = ask
  door.isClockKnown = () => isClockKnown
  door.isAway = () => isAway
  door.pack = { current, find, refresh }
  // What was learnt of the clock before counts until it is learnt anew.
  vault.read("about", "offset").then((known) => {
    if (isClockKnown || known === undefined) return
    offset = known
    isClockKnown = true
  })
  setTimeout(keepFresh)
})()
