// The scanning page beyond its forms: it asks the server, and decides by itself where there is no network.
(() => {
  const door = (globalThis.turnoutDoor ||= {})
  const { vault } = door
  const root = document.querySelector("[data-scanner]")
  const verdict = document.getElementById("verdict")
  const code = document.getElementById("code")
  if (!root || !verdict) return

  const nonce = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("")
  const place = (id) => `${root.dataset.list}:${id}`
  let turn = Promise.resolve()

  // One after the other, in the order of the scans. Each is its own: its number is new, and the field free for the next.
  function submit(event) {
    const form = event.target.closest("form[data-scan], form[data-undo]")
    if (!form) return
    event.preventDefault()
    event.stopImmediatePropagation()
    const typed = new URLSearchParams(new FormData(form))
    if (form.matches("[data-scan]")) stamp(typed)
    form.reset()
    const go = form.matches("[data-undo]") ? takeBack : scan
    turn = turn.then(() => go(typed)).catch((error) => door.told.say(`This did not work: ${error.message}`))
  }

  // The time as well, where the phone knows the server's: a request that is held up arrives late.
  function stamp(typed) {
    typed.set("nonce", nonce())
    if (door.isClockKnown()) typed.set("happened_at", new Date(door.now()).toISOString())
  }

  const when = (typed) => (typed.get("happened_at") ? { happened_at: typed.get("happened_at") } : {})

  async function scan(typed) {
    const answer = await door.ask("/door/scan", typed)
    if (!answer) return scanWithoutNetwork(typed)
    if (answer.status === 404) return
    door.told.showAnswer(await answer.text())
    const told = verdict.querySelector("[data-verdict]")
    if (told?.dataset.verdict === "ok") await remember(typed)
  }

  async function remember(typed) {
    const { id } = await door.pack.find(typed.get("code") || "")
    if (id) await vault.change(["seen", place(id), seenNow(typed)])
  }

  const seenNow = (typed) => ({ at: door.now(), kind: root.dataset.kind, nonce: typed.get("nonce") })

  async function scanWithoutNetwork(typed) {
    if (typed.get("ticket_id") || !crypto.subtle) return keepUnchecked(typed)
    const { id, pack, ticket } = await door.pack.find(typed.get("code"))
    const list = pack?.list || { entries: "once", ticket_type_ids: [], trusts_codes: false }
    const seen = id && (await vault.read("seen", place(id)))
    const standing = ticket && door.standing(ticket.standing, seen)
    const typeId = ticket?.typeId || pack?.kinds[ticket?.type]?.[0]
    const result = door.judge({ kind: root.dataset.kind, list, typeId, at: door.now(), ticket: ticket && { ...ticket, standing } })
    const kind = pack?.kinds.find(([known]) => known === typeId)?.[1] || ""
    if (result === "ok") return letThrough(typed, { id, ticket, kind })
    showRefusal(result, { ticket, standing, kind, words: pack?.words || {} })
  }

  async function letThrough(typed, { id, ticket, kind }) {
    const name = ticket.name || "A ticket sold lately", words = [ticket.name, kind].filter(Boolean).join(", ")
    await door.queue.keep({ nonce: typed.get("nonce"), code: typed.get("code"), ...when(typed) })
    await vault.change(["seen", place(id), seenNow(typed)])
    const note = ticket.isSigned ? "Signed by us, but this phone does not know it." : "By what this phone knew when it last had network."
    const headline = root.dataset.kind === "exit" ? "Goodbye, for now" : "Welcome, for now"
    door.told.showFound("ok", "provisional", { headline, name, detail: words === name ? "" : kind, note: `Provisional. ${note}`, nonce: typed.get("nonce") })
  }

  async function keepUnchecked(typed) {
    await door.queue.keep({ nonce: typed.get("nonce"), code: typed.get("code") || "", ticket_id: typed.get("ticket_id") || "", ...when(typed) })
    const note = "No network, and this phone cannot check it alone. It is sent later; let in whom you know."
    door.told.showFound("unchecked", "unchecked", { headline: "Not checked", note: `Provisional. ${note}`, nonce: typed.get("nonce") })
  }

  const OWN = {
    revoked: ["Not good any more", "This ticket was passed on; its new holder has another code."],
    stranger: ["Call for help", "Signed by us, but this phone does not know it. Ask whoever leads the door."],
    unknown: ["Unknown here", "This phone knows no ticket with this code. It may have been sold lately: ask whoever leads the door."],
  }

  function showRefusal(result, { ticket, standing, kind, words }) {
    const [headline, about] = OWN[result] || [words[result] || "No", ""]
    const detail = result === "already_in" ? before(standing) : about || kind
    const note = "Provisional: no network just now."
    door.told.showFound(result === "stranger" || result === "unknown" ? "unchecked" : "no", result, { headline, name: ticket?.name, detail, note })
  }

  function before(standing) {
    const ago = span(door.now() - standing.at)
    if (standing.isHere) return `Already scanned here, ${ago} ago`
    return [standing.gate, `${ago} ago`, standing.device && `by ${standing.device}`].filter(Boolean).join(", ")
  }

  function span(length) {
    const seconds = Math.max(0, Math.floor(length / 1000))
    if (seconds < 100) return `${seconds} s`
    return seconds < 6000 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`
  }

  async function takeBack(typed) {
    const undoes = typed.get("check_in_id").split(":").pop(), reason = typed.get("reason") || ""
    const isWaiting = (await door.queue.here()).some(([, entry]) => entry.nonce === undoes)
    const answer = isWaiting ? null : await door.ask("/door/undo", typed)
    for (const [key, one] of await vault.all("seen")) if (one.nonce === undoes) await vault.change(["seen", key])
    if (answer) return door.told.showAnswer(await answer.text())
    await door.queue.keep({ nonce: nonce(), undoes, reason })
    door.told.showFound("no", "taken_back", { headline: "Taken back", note: "Provisional: it is sent with the scans that wait." })
  }

  let sound = null
  function tone(frequency, from, length) {
    const at = sound.currentTime + from
    const [wave, loudness] = [sound.createOscillator(), sound.createGain()]
    wave.frequency.value = frequency
    loudness.gain.setValueAtTime(0.15, at)
    loudness.gain.exponentialRampToValueAtTime(0.001, at + length)
    wave.connect(loudness).connect(sound.destination)
    wave.start(at)
    wave.stop(at + length)
  }

  // Certain: one high tone. Provisional: two that rise. Refused: two low ones.
  const SOUNDS = { ok: [[880, 0, 0.15]], maybe: [[523, 0, 0.12], [659, 0.16, 0.16]], no: [[196, 0, 0.18], [196, 0.22, 0.18]] }
  const SHAKES = { ok: 60, maybe: [40, 60, 40], no: [120, 80, 120] }

  function tell() {
    const told = verdict.querySelector("[data-verdict]")?.dataset.verdict
    if (!told) return
    const how = told === "ok" ? "ok" : ["provisional", "unchecked"].includes(told) ? "maybe" : "no"
    navigator.vibrate?.(SHAKES[how])
    if (sound) SOUNDS[how].forEach((one) => tone(...one))
  }

  // Browsers let a page sound only after somebody touched it.
  const unmute = () => (sound ||= new AudioContext())

  // A hardware scanner types like a keyboard, wherever the focus is.
  function typeIntoCode(event) {
    const isTyping = event.target.closest("input, select, textarea") || (event.key === " " && event.target !== document.body)
    if (!isTyping && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) code.focus()
  }

  async function end() {
    const waits = await vault.all("queue")
    if (!waits.length) return location.reload()
    root.dataset.ended = ""
    code.disabled = true
    door.told.look()
  }

  // A phone that stops scanning forgets everything; not before all that it kept was sent.
  async function leave(event) {
    if (!event.target.matches("[data-leave]") || event.target.dataset.mayGo) return
    event.preventDefault()
    await door.queue.upload()
    if ((await vault.all("queue")).length) return door.told.say("Scans wait to be sent. Stop when they are gone.")
    await vault.change(["about"], ["buckets"], ["seen"], ["clashes"])
    await globalThis.caches?.delete("turnout-door")
    event.target.dataset.mayGo = "yes"
    event.target.submit()
  }

  async function warn(event) {
    if (unsaved) event.preventDefault()
  }

  let unsaved = false
  async function noteUnsaved() {
    unsaved = !(await vault.isLasting) && (await door.queue.here()).length > 0
  }

  async function install() {
    if (!(await vault.isLasting)) return
    await navigator.serviceWorker?.register("/door/worker.js", { scope: "/door" })
    await navigator.storage?.persist?.()
  }

  // The network may have gone while the worker fetched the page.
  async function keepPage() {
    const worker = (await navigator.serviceWorker?.getRegistration("/door"))?.active
    if (worker && !(await door.isPageKept())) worker.postMessage("look")
  }

  document.addEventListener("submit", submit, true)
  document.addEventListener("submit", leave, true)
  document.addEventListener("keydown", typeIntoCode)
  document.addEventListener("pointerdown", unmute, { once: true })
  document.addEventListener("keydown", unmute, { once: true })
  document.addEventListener("door:ended", end)
  document.addEventListener("door:queue", noteUnsaved)
  document.addEventListener("door:pack", keepPage)
  navigator.serviceWorker?.addEventListener("message", door.told.look)
  addEventListener("beforeunload", warn)
  new MutationObserver(tell).observe(verdict, { childList: true })
  install().catch((error) => console.warn("This page will not load without network:", error.message))
})()
