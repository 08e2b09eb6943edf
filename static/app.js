/* The few lines that neither htmx nor HTML can say; all of it improves a page that works without. */
(() => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC"
  const local = { timeZone: here, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }
  const time = new Intl.DateTimeFormat("en-GB", local)
  const dayAndTime = new Intl.DateTimeFormat("en-GB", { ...local, weekday: "short", day: "numeric", month: "short" })
  const pad = (number) => String(number).padStart(2, "0")
  const isoDay = (date) => `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
  const wall = (date) => `${isoDay(date)}T${pad(date.getHours())}:${pad(date.getMinutes())}`

  function showViewerTime(element) {
    const at = new Date(element.dataset.viewerTime)
    if (wall(at) === element.dataset.wall) return
    const format = isoDay(at) === element.dataset.wall.slice(0, 10) ? time : dayAndTime
    element.textContent = `${format.format(at)} your time`
  }

  function nameDays(root) {
    const today = new Date()
    const tomorrow = new Date(today.getFullYear(), today.getMonth(), today.getDate() + 1)
    const names = { [isoDay(today)]: "Today", [isoDay(tomorrow)]: "Tomorrow" }
    for (const element of root.querySelectorAll("[data-day-name]")) {
      const name = names[element.dataset.dayName]
      if (name && element.textContent !== name) element.textContent = name
    }
    for (const element of root.querySelectorAll("[data-day]")) {
      element.toggleAttribute("data-today", element.dataset.day === isoDay(today))
    }
  }

  function prepareForm(form) {
    const { zone, starts, ends } = form.elements
    if (!form.elements.version && zone.value === "UTC" && !form.dataset.prepared) zone.value = here
    form.dataset.prepared = ""
    starts.addEventListener("change", () => {
      const [begin, end] = [new Date(starts.value), new Date(ends.value)]
      if (isNaN(begin) || end > begin) return
      ends.value = wall(new Date(begin.getTime() + 2 * 3600_000))
    })
  }

  function prepareNotice(notice) {
    const close = notice.querySelector("[data-dismiss]")
    if (!close.hidden) return
    close.hidden = false
    close.addEventListener("click", () => notice.remove())
    if (notice.matches("[role=alert]")) return
    const leave = () => (notice.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : notice.remove())
    setTimeout(leave, 12_000)
  }

  function prepareCopy(button) {
    if (!button.hidden || !navigator.clipboard) return
    button.hidden = false
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent)
      button.textContent = "Copied"
    })
  }

  const clock = document.querySelector("[data-now]")
  const ahead = clock ? new Date(clock.dataset.now) - Date.now() : 0

  function countDown() {
    for (const element of document.querySelectorAll("time[data-countdown]")) {
      const seconds = Math.round((new Date(element.dateTime) - Date.now() - ahead) / 1000)
      if (seconds <= 0 || seconds > 172_800) continue
      const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
      const shown = (parts[0] ? parts : parts.slice(1)).map((part, index) => (index ? pad(part) : part)).join(":")
      const text = element.dataset.countdown.replace("{}", shown)
      if (element.textContent !== text) element.textContent = text
    }
  }

  function preparePrint(button) {
    button.hidden = false
    button.dataset.prepared = ""
    button.addEventListener("click", () => print())
  }

  /* The slider of a replay: says its time in words, moves by itself while it plays. */
  function prepareReplay(replay) {
    const part = (name) => replay.querySelector(`[data-replay-${name}]`)
    const slider = part("minute")
    let playing
    const say = () => {
      const shown = `${pad(Math.floor(slider.value / 60))}:${pad(slider.value % 60)}`
      slider.setAttribute("aria-valuetext", shown)
      part("clock").value = shown
    }
    const stop = () => {
      playing = clearInterval(playing)
      part("play").setAttribute("aria-pressed", "false")
    }
    const tick = () => {
      if (!slider.isConnected || slider.value === slider.max) return stop()
      slider.value = Number(slider.value) + 5
      slider.dispatchEvent(new Event("input", { bubbles: true }))
    }
    replay.dataset.prepared = ""
    part("slide").hidden = false
    slider.addEventListener("input", say)
    part("day").addEventListener("change", () => slider.dispatchEvent(new Event("change", { bubbles: true })))
    part("play").addEventListener("click", () => {
      if (playing) return stop()
      playing = setInterval(tick, 400)
      part("play").setAttribute("aria-pressed", "true")
    })
  }

  function improve() {
    countDown()
    document.querySelectorAll("[data-replay]:not([data-prepared])").forEach(prepareReplay)
    document.querySelectorAll("[data-print]:not([data-prepared])").forEach(preparePrint)
    document.querySelectorAll("[data-viewer-time]:empty").forEach(showViewerTime)
    document.querySelectorAll("[data-event-form]:not([data-prepared])").forEach(prepareForm)
    document.querySelectorAll("[data-notice]").forEach(prepareNotice)
    document.querySelectorAll("[data-copy]").forEach(prepareCopy)
    nameDays(document)
  }

  function closeMenus(event) {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (event.key === "Escape" || (event.type === "click" && !menu.contains(event.target))) menu.open = false
    }
  }

  // What somebody has unfolded stays so while its region is redrawn.
  htmx.config.morphIgnore.push("open")
  improve()
  setInterval(countDown, 1000)
  document.addEventListener("htmx:after:settle", improve)
  document.addEventListener("click", closeMenus)
  document.addEventListener("keydown", closeMenus)
})()
