// What a phone says of a ticket without network: the rules of webapp/door/checkin.py, which a test compares with these.
(() => {
  const door = (globalThis.turnoutDoor ||= {})

  function refusal({ kind, list, ticket, typeId, at }) {
    const { standing } = ticket
    if (kind === "exit") return standing.isInside ? "ok" : "not_inside"
    if (ticket.state !== "valid") return ticket.state === "pending" ? "unapproved" : "cancelled"
    if (list.ticket_type_ids.length && !list.ticket_type_ids.includes(typeId)) return "not_on_list"
    if (list.opens_at && at < Date.parse(list.opens_at)) return "not_yet"
    if (list.closes_at && at >= Date.parse(list.closes_at)) return "too_late"
    const isFree = { once: standing.entries === 0, after_exit: !standing.isInside, many: true }
    return isFree[list.entries] ? "ok" : "already_in"
  }

  // `ok`, or the reason why not. Beyond the server's reasons: `revoked`, for a code that was passed on; `stranger`, for
  // one that is unknown here but signed by us (`ticket.isSigned`), where the list says to call somebody.
  function judge(asked) {
    const { ticket, list } = asked
    if (!ticket) return "unknown"
    if (ticket.state === "revoked") return "revoked"
    if (ticket.isSigned && !list.trusts_codes) return "stranger"
    return refusal(asked)
  }

  // The standing in the pack, and what this phone saw since.
  function standing(packed, seen) {
    if (!seen || seen.at < packed.at) return packed
    return { entries: packed.entries + (seen.kind === "entry" ? 1 : 0), isInside: seen.kind === "entry", at: seen.at, gate: "", device: "", isHere: true }
  }

  door.judge = judge
  door.standing = standing
})()
