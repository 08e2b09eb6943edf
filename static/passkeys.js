/* Passkeys: asks the device, and sends what it answers as an ordinary form. Without this, such forms stay hidden. */
const Keys = window.PublicKeyCredential
const FRESH_MS = 240_000
const SENTENCES = {
  InvalidStateError: "This device has a passkey for your account already.",
  NotAllowedError: "No passkey was given. Try again when you are ready.",
  SecurityError: "Passkeys do not work at this address.",
}
const OTHERWISE = "That did not work. Please try again in a moment."

let asking = new AbortController()

async function ask(form, how = {}) {
  asking.abort()
  asking = new AbortController()
  const { signal } = asking
  const response = await fetch(form.dataset.offer, { headers: { Accept: "application/json" }, signal })
  if (response.redirected) return location.assign(response.url)
  if (!response.ok) throw new Error("no offer")
  const offer = await response.json()
  const given =
    form.dataset.passkey === "make"
      ? await navigator.credentials.create({ publicKey: Keys.parseCreationOptionsFromJSON(offer), signal })
      : await navigator.credentials.get({ publicKey: Keys.parseRequestOptionsFromJSON(offer), signal, ...how })
  form.elements.credential.value = JSON.stringify(given)
  form.submit()
}

/* The browser offers passkeys among the names it knows for the address field; challenges age, so it is asked again. */
async function offerQuietly(form) {
  if (document.hidden) return
  await ask(form, { mediation: "conditional" }).catch(() => {})
}

function prepare(form, isQuiet) {
  const [problem, button] = [form.querySelector("[data-problem]"), form.querySelector("button")]
  let repeat = 0
  const offer = () => {
    if (!isQuiet || button.disabled) return
    clearInterval(repeat)
    repeat = setInterval(() => offerQuietly(form), FRESH_MS)
    offerQuietly(form)
  }
  form.hidden = false
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    if (!form.reportValidity()) return
    clearInterval(repeat)
    problem.textContent = ""
    button.disabled = true
    try {
      await ask(form)
    } catch (error) {
      problem.textContent = SENTENCES[error.name] ?? OTHERWISE
    }
    button.disabled = false
    if (problem.textContent) offer()
  })
  document.addEventListener("visibilitychange", () => document.hidden || offer())
  offer()
}

if (Keys?.parseRequestOptionsFromJSON) {
  for (const note of document.querySelectorAll("[data-without-passkeys]")) note.hidden = true
  for (const form of document.querySelectorAll("[data-passkey]")) {
    const isQuiet = "quiet" in form.dataset && (await Keys.isConditionalMediationAvailable?.())
    prepare(form, isQuiet)
  }
}
