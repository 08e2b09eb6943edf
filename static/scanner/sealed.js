// Opens the record of a ticket with the ticket's own code, and checks by whom a code was signed; see webapp/door/sealed.py.
(() => {
  const door = (globalThis.turnoutDoor ||= {})
  const ID = 16, NONCE = 12, RECORD = 236
  const SECRET = /^[0-9a-z]{16,64}$/
  const bytes = (text) => new TextEncoder().encode(text)
  const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("")

  // The secret in what was scanned or typed: a code, the address of a ticket, or the secret in groups; else "".
  function secretIn(text) {
    let found = text.trim().toLowerCase()
    if (found.startsWith("to1.")) found = found.split(".").length === 5 ? found.split(".")[3] : ""
    else if (found.includes("/")) found = found.replace(/\/+$/, "").split("/").pop()
    found = found.replace(/[\s-]/g, "")
    return SECRET.test(found) ? found : ""
  }

  async function derived(secret, eventId, label, length) {
    const key = await crypto.subtle.importKey("raw", bytes(secret), "HKDF", false, ["deriveBits"])
    const how = { name: "HKDF", hash: "SHA-256", salt: bytes(eventId), info: bytes(label) }
    return new Uint8Array(await crypto.subtle.deriveBits(how, key, length * 8))
  }

  const idOf = (secret, eventId) => derived(secret, eventId, "turnout offline id", ID)
  const bucketOf = (id, spread = 1024) => ((id[0] << 8) | id[1]) % spread

  // What the record of this secret says, looked up in its bucket; null where there is none.
  async function open(secret, eventId, id, bucket) {
    for (let at = 0; at < bucket.byteLength; at += RECORD) {
      const record = new Uint8Array(bucket, at, RECORD)
      if (!id.every((byte, place) => record[place] === byte)) continue
      const key = await crypto.subtle.importKey("raw", await derived(secret, eventId, "turnout offline key", 32), "AES-GCM", false, ["decrypt"])
      const how = { name: "AES-GCM", iv: record.slice(ID, ID + NONCE), additionalData: id }
      const text = new TextDecoder().decode(await crypto.subtle.decrypt(how, key, record.slice(ID + NONCE)))
      const [state, type, name, entries, isInside, seconds, gate, device] = JSON.parse(text)
      return { state, type, name, standing: { entries, isInside: Boolean(isInside), at: seconds * 1000, gate, device } }
    }
    return null
  }

  function fromBase32(text) {
    const signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", found = []
    let bits = 0, held = 0
    for (const sign of text) {
      held = (held << 5) | signs.indexOf(sign)
      bits += 5
      if (bits < 8) continue
      found.push((held >> (bits - 8)) & 255)
      bits -= 8
      held &= (1 << bits) - 1
    }
    return new Uint8Array(found)
  }

  // What a code says, once its signature was checked; null where it is not ours, or where this browser cannot tell.
  async function signed(code, publicKey) {
    const text = code.trim().toUpperCase(), at = text.lastIndexOf("."), said = text.slice(0, at)
    const [version, eventId, typeId, secret] = said.toLowerCase().split(".")
    if (version !== "to1" || !secret) return null
    try {
      const raw = Uint8Array.from(atob(publicKey), (sign) => sign.charCodeAt(0))
      const key = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"])
      const isOurs = await crypto.subtle.verify("Ed25519", key, fromBase32(text.slice(at + 1)), bytes(said))
      return isOurs ? { eventId, typeId, secret } : null
    } catch {
      return null
    }
  }

  door.sealed = { secretIn, idOf, bucketOf, open, signed, hex }
})()
