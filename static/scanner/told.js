// What the scanning page says: verdicts that it found itself, what waits, what clashed; once in words for a screen reader.
(() => {
  const door = (globalThis.turnoutDoor ||= {})
  const { vault } = door
  const root = document.querySelector("[data-scanner]")
  if (!root) return

  const verdict = document.getElementById("verdict")
  const [said, status, waiting, clashes] = ["said", "status", "waiting", "clashes"].map((name) => root.querySelector(`[data-${name}]`))
  const clock = (time) => new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
  const several = (count, one, many) => (count === 1 ? `1 ${one}` : `${count.toLocaleString("en-GB")} ${many}`)
  const template = (name) => root.querySelector(`template[data-template=${name}]`).content.firstElementChild.cloneNode(true)

  // Read out once, politely: the words alone, never the fields and buttons beside them.
  function say(text) {
    if (said.textContent !== text) said.textContent = text
  }

  const wordsOf = (element) => Array.from(element.querySelectorAll("p"), (part) => part.textContent.trim().replace(/\.$/, "")).filter(Boolean).join(". ")

  function show(element) {
    verdict.replaceChildren(...(Array.isArray(element) ? element : [element]))
    const told = verdict.querySelector("[data-verdict]")
    if (told) say(wordsOf(told))
  }

  function showAnswer(html) {
    verdict.innerHTML = html
    window.htmx?.process(verdict)
    const told = verdict.querySelector("[data-verdict]")
    if (told) say(wordsOf(told))
  }

  // `look` is ok, no or unchecked; parts that are empty do not stand there.
  function showFound(look, result, { headline, name = "", detail = "", note = "", nonce = "" }) {
    const made = template(look), told = made.querySelector("[data-verdict]")
    told.dataset.verdict = result
    for (const [part, text] of Object.entries({ headline, name, detail, note })) {
      const place = made.querySelector(`[data-part=${part}]`)
      if (text) place.textContent = text
      else place.remove()
    }
    const back = made.querySelector("[data-undo]")
    if (nonce) back.elements.check_in_id.value = `${root.dataset.device}:${nonce}`
    else back?.remove()
    show([...made.children])
  }

  const isPageKept = async () => Boolean(await globalThis.caches?.match("/door", { ignoreVary: true }))

  async function showStatus() {
    const [pack, isLasting, waits] = [await door.pack.current(), await vault.isLasting, await door.queue.here()]
    const isReady = pack && !pack.left && (await isPageKept())
    const others = (await vault.all("queue")).length - waits.length
    if (root.dataset.ended !== undefined) status.textContent = "This phone may not scan any more: its door link has ended. Ask for a new one."
    else if (!isLasting || !navigator.serviceWorker) status.textContent = "Offline is not available on this phone: leave this page open, what is scanned without network is lost with it."
    else if (pack?.left) status.textContent = `${door.isAway() ? "No network, and not all is on this phone yet" : "Getting ready to scan without network"}: ${Math.floor(100 - (100 * pack.left) / pack.bytes)} % of ${several(pack.tickets, "ticket", "tickets")}.`
    else if (!pack || (!isReady && !door.isAway())) status.textContent = "Not ready to scan without network yet."
    else status.textContent = `${door.isAway() ? "No network" : "Ready to scan without network"}: ${several(pack.tickets, "ticket", "tickets")} as of ${clock(pack.asOf)}${pack.is_whole ? "" : ", not all there are"}${isReady ? "" : "; leave this page open"}.`
    status.dataset.state = door.isAway() ? "away" : "there"
    waiting.hidden = !waits.length && !others
    const parts = [waits.length && `${several(waits.length, "scan waits", "scans wait")} to be sent.`, others && `${several(others, "scan waits", "scans wait")} for a door link of another event.`]
    waiting.textContent = parts.filter(Boolean).join(" ")
    waiting.dataset.count = waits.length
  }

  async function showClashes() {
    const found = (await vault.all("clashes")).filter(([, one]) => one.event_id === root.dataset.event)
    clashes.hidden = !found.length
    clashes.querySelector("ul").replaceChildren(...found.map(([key, one]) => {
      const line = template("clash")
      line.querySelector("[data-part=headline]").textContent = one.headline
      line.querySelector("[data-part=name]").textContent = one.name || "Somebody"
      line.querySelector("[data-part=detail]").textContent = `Let through here at ${clock(one.happened_at)}${one.before_at ? `. Before that at ${[clock(one.before_at), one.before].filter(Boolean).join(", ")}` : ""}`
      line.querySelector("button").addEventListener("click", () => seen(key))
      return line
    }))
    return found.length
  }

  async function seen(key) {
    await vault.change(["clashes", key])
    await showClashes()
    document.getElementById("code").focus()
  }

  let clashed = 0
  async function look() {
    await showStatus()
    const count = await showClashes()
    if (count > clashed) say(`${several(count, "person", "people")} let through without network, refused since. See below.`)
    clashed = count
  }

  document.addEventListener("door:queue", look)
  document.addEventListener("door:pack", look)
  document.addEventListener("door:part", showStatus)
  document.addEventListener("door:network", ({ detail }) => {
    say(detail ? "The network is back." : "No network. Scanning goes on.")
    look()
  })
  document.addEventListener("htmx:error", ({ target }) => {
    if (target.matches?.("[role=search]")) document.getElementById("found").textContent = "Looking for a name needs the network. Scan or type the code of the ticket."
    else if (target.closest?.("[data-scanner]")) say("This needs the network.")
  })
  setInterval(showStatus, 15_000)

  door.isPageKept = isPageKept
  door.told = { say, showAnswer, showFound, look }
})()
