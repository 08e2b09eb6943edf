// What was decided here without the server, kept until the server has learnt of it: in order, once, by one tab at a time.
(() => {
  const door = (globalThis.turnoutDoor ||= {})
  const { vault } = door
  const root = document.querySelector("[data-scanner]")
  if (!root) return

  const AT_ONCE = 50, SOON_MS = 2000, LONGEST_MS = 30_000
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("turnout-door") : null
  let timer = 0, pause = SOON_MS, last = 0

  const changed = () => {
    document.dispatchEvent(new CustomEvent("door:queue"))
    tabs?.postMessage("queue")
  }

  const here = async () => (await vault.all("queue")).filter(([, entry]) => entry.event_id === root.dataset.event)

  // The key is the time, so that entries of all tabs stand in their order.
  async function keep(entry) {
    last = Math.max(last + 1, Date.now() * 1000 + Math.floor(Math.random() * 1000))
    const { event, list, gate, kind } = root.dataset
    await vault.change(["queue", last, { event_id: event, list_id: list, gate_id: gate, kind, happened_at: new Date(door.now()).toISOString(), ...entry }])
    changed()
    soon()
  }

  function soon() {
    clearTimeout(timer)
    timer = setTimeout(upload, pause)
  }

  // One uploader for all tabs; where the browser has no locks, the nonces make a second one harmless.
  async function upload() {
    clearTimeout(timer)
    if (!(await here()).length) return
    const isDone = navigator.locks
      ? await navigator.locks.request("turnout-door-upload", { ifAvailable: true }, (lock) => lock && send())
      : await send()
    pause = isDone ? SOON_MS : Math.min(pause * 2, LONGEST_MS)
    if ((await here()).length) soon()
  }

  async function send() {
    for (;;) {
      const batch = (await here()).slice(0, AT_ONCE)
      if (!batch.length) return true
      const entries = JSON.stringify(batch.map(([, { event_id, ...entry }]) => entry))
      const answer = await door.ask("/door/upload", new URLSearchParams({ entries }), 30_000)
      if (!answer?.ok) return false
      const told = await answer.json()
      await vault.change(...batch.flatMap(([key, entry], at) => learnt(key, entry, told[at])))
      changed()
      if (told.some((one) => !one.is_kept)) return false
    }
  }

  function learnt(key, entry, told) {
    if (!told?.is_kept) return []
    const clash = [["clashes", key, { ...told, happened_at: entry.happened_at, event_id: entry.event_id }]]
    return [["queue", key], ...(told.is_clash ? clash : [])]
  }

  door.queue = { keep, here, upload }
  tabs?.addEventListener("message", () => document.dispatchEvent(new CustomEvent("door:queue")))
  document.addEventListener("door:network", ({ detail }) => detail && upload())
  document.addEventListener("door:pack", upload)
  addEventListener("online", upload)
  setTimeout(upload)
})()
