// Where a phone keeps what it needs without network: in IndexedDB, or in memory where there is none. Page and worker share it.
(() => {
  const door = (globalThis.turnoutDoor ||= {})
  const STORES = ["about", "buckets", "seen", "queue", "clashes"]
  const VERSION = 1
  const memory = Object.fromEntries(STORES.map((name) => [name, new Map()]))

  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

  function missing(database) {
    return STORES.filter((name) => !database.objectStoreNames.contains(name))
  }

  function open(version) {
    const request = indexedDB.open("turnout-door", version)
    request.onupgradeneeded = () => missing(request.result).forEach((name) => request.result.createObjectStore(name))
    return done(request)
  }

  // A page or worker of another release shares what is kept here. A later one may add stores: it is let through, and what
  // it made is opened as it is.
  async function opened() {
    try {
      const database = await open(VERSION).catch((error) => (error.name === "VersionError" ? open() : Promise.reject(error)))
      database.onversionchange = () => {
        database.close()
        opening = opened()
      }
      return database
    } catch {
      return null
    }
  }

  let opening = opened()

  // `changes` are [store, key, value]; no value removes, no key empties. All of them happen, or none.
  async function change(...changes) {
    const database = await opening
    if (!database) return changes.forEach((one) => changeInMemory(...one))
    const transaction = database.transaction(STORES, "readwrite", { durability: "strict" })
    for (const [name, key, value] of changes) {
      const store = transaction.objectStore(name)
      if (key === undefined) store.clear()
      else if (value === undefined) store.delete(key)
      else store.put(value, key)
    }
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve
      transaction.onabort = transaction.onerror = () => reject(transaction.error)
    })
  }

  function changeInMemory(name, key, value) {
    if (key === undefined) memory[name].clear()
    else if (value === undefined) memory[name].delete(key)
    else memory[name].set(key, value)
  }

  async function read(name, key) {
    const database = await opening
    return database ? done(database.transaction(name).objectStore(name).get(key)) : memory[name].get(key)
  }

  // Everything in a store as [key, value], in the order of the keys.
  async function all(name) {
    const database = await opening
    if (!database) return [...memory[name]].sort(([one], [other]) => (one < other ? -1 : 1))
    const store = database.transaction(name).objectStore(name)
    const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())])
    return keys.map((key, at) => [key, values[at]])
  }

  // Whether Turnout itself says that this phone may not scan any more; a proxy's 404 while something restarts does not.
  const isOver = (answer) => answer.status === 404 && answer.headers.has("HX-Retarget")

  // What opens tickets goes; what was not sent yet, and what nobody has seen yet, stays.
  const forgetPack = () => change(["buckets"], ["seen"], ["about", "pack"])

  door.vault = { isLasting: opening.then(Boolean), change, read, all, isOver, forgetPack }
})()
