// The camera of the scanning page: the browser's own reader where there is one, otherwise one in plain JavaScript.
(() => {
  const place = document.querySelector("[data-camera]")
  const form = document.querySelector("form[data-scan]")
  if (!place || !navigator.mediaDevices?.getUserMedia) return

  const AGAIN_MS = 3000, PAUSE_MS = 120
  const [button, stage, picture, trouble] = ["button", "div", "video", "p"].map((kind) => place.querySelector(kind))
  let stream = null, last = "", lastAt = 0, timer = 0
  place.hidden = false

  async function reader() {
    const native = window.BarcodeDetector && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")
    const Detector = native ? BarcodeDetector : (await import(place.dataset.reader)).BarcodeDetector
    return new Detector({ formats: ["qr_code"] })
  }

  function read(text) {
    const now = Date.now()
    if (text === last && now - lastAt < AGAIN_MS) {
      lastAt = now
      return
    }
    last = text
    lastAt = now
    form.elements.code.value = text
    form.requestSubmit()
  }

  async function look(detector) {
    if (!stream) return
    try {
      const [found] = await detector.detect(picture)
      if (found?.rawValue) read(found.rawValue)
    } catch (error) {
      if (error.name !== "InvalidStateError") console.warn("The picture could not be read:", error.message)
    }
    timer = setTimeout(look, PAUSE_MS, detector)
  }

  function stop() {
    clearTimeout(timer)
    stream?.getTracks().forEach((track) => track.stop())
    stream = null
    stage.hidden = true
    button.textContent = button.dataset.start
  }

  async function start() {
    trouble.hidden = true
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false })
    } catch (error) {
      trouble.textContent = error.name === "NotAllowedError" ? trouble.dataset.denied : trouble.dataset.missing
      trouble.hidden = false
      return
    }
    picture.srcObject = stream
    stage.hidden = false
    button.textContent = button.dataset.stop
    await picture.play()
    look(await reader())
  }

  button.addEventListener("click", () => (stream ? stop() : start()))
  addEventListener("pagehide", stop)
})()
