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

  function improve() {
    document.querySelectorAll("[data-viewer-time]:empty").forEach(showViewerTime)
    document.querySelectorAll("[data-event-form]:not([data-prepared])").forEach(prepareForm)
    document.querySelectorAll("[data-notice]").forEach(prepareNotice)
    nameDays(document)
  }

  function closeMenus(event) {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (event.key === "Escape" || (event.type === "click" && !menu.contains(event.target))) menu.open = false
    }
  }

  improve()
  document.addEventListener("htmx:after:settle", improve)
  document.addEventListener("click", closeMenus)
  document.addEventListener("keydown", closeMenus)
})()
