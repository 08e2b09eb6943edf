// Keeps an open page live: by WebSocket, else by server-sent events, else by polling.
// The position is what the page shows: a map region -> version that every connect carries, so nothing is missed or sent twice.
(() => {
  const live = document.getElementById("live");
  const mark = document.getElementById("live-status");
  if (!live || !window.htmx) return;

  const ORDER = ["ws", "sse", "poll"];
  const HELLO_MS = 5000, HIDDEN_MS = 10000, HEALTHY_MS = 30000, SOON_MS = 2000, LONGEST_MS = 30000;
  const shown = new Map();
  let preferred = sessionStorage.getItem("live-transport") || "ws";
  let transport = preferred, link = null, watched = "", failures = 0, beat = 15000;
  let heard = 0, opened = 0, low = 0, greeted = false, asOf = new Date(), climb = HEALTHY_MS, timer = 0, hiding = 0, submitted = 0;

  const jitter = (ms) => ms * (0.5 + Math.random() / 2);
  const clock = (time) => time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

  function say(state) {
    document.documentElement.dataset.live = state;
    if (!mark) return;
    mark.hidden = false;
    mark.dataset.state = state;
    mark.textContent = state === "live" ? "live" : `${state}, as of ${clock(asOf)}`;
  }

  const regions = () => [...document.querySelectorAll("[data-region]")];
  const names = () => regions().map((element) => element.id).join("~");
  const position = () => regions().map((e) => `${e.id}.${e.dataset.region}.${shown.get(e.id) || ""}`).join("~");

  function learn(text) {
    for (const [, key, version] of text.matchAll(/<hx-partial hx-target="#([\w-]+)"[^>]* data-version="([\w-]+)"/g)) shown.set(key, version);
  }

  function close() {
    clearTimeout(timer);
    const old = link;
    link = null;
    if (!old) return;
    old._htmx?.ws?.connection?.socket?.close(1000);
    old._htmx?.sse?.reader?.cancel();
    old._htmx?.sse?.abortController?.abort();
    old.remove();
  }

  function open() {
    close();
    watched = names();
    if (!watched || document.hidden) return;
    opened = heard = Date.now();
    greeted = false;
    link = document.createElement("div");
    link.hidden = true;
    const stay = '"reconnect":false,"pauseOnBackground":false';
    const url = `/live/${transport}?r=${position()}`;
    const attributes = { "hx-config": `{"ws":{${stay}},"sse":{${stay}}}`, "hx-swap": "none", "hx-status:4xx": "swap:none", "hx-status:5xx": "swap:none" };
    if (transport !== "poll") attributes[`hx-${transport}:connect`] = url;
    for (const [name, value] of Object.entries(attributes)) link.setAttribute(name, value);
    live.append(link);
    htmx.process(link);
    if (transport === "poll") htmx.ajax("GET", url, { source: link, swap: "none" });
  }

  // Something arrived, so this way works: the tab begins with it next time.
  function hear() {
    heard = Date.now();
    if (greeted) return;
    greeted = true;
    low = transport === "ws" ? 0 : low || heard;
    if (transport !== preferred) failures = 0;
    preferred = transport;
    sessionStorage.setItem("live-transport", transport);
  }

  function control(message) {
    hear();
    if (message.beat) beat = message.beat * 1000;
    if (message.at) asOf = new Date(message.at);
    if (message.live === "stale") return say("reconnecting");
    if (!message.at) asOf = new Date();
    say("live");
  }

  function lost(status) {
    close();
    if ([401, 4401, 4403].includes(status)) return lookAgain();
    if (greeted && Date.now() - opened > HEALTHY_MS) failures = 0;
    // A WebSocket that held for a while is worth another try soon after the outage.
    if (greeted && transport === "ws" && Date.now() - opened > HELLO_MS) climb = SOON_MS;
    failures += 1;
    say("reconnecting");
    // Two failures in a row: the next way may pass where this one is blocked.
    transport = ORDER[(ORDER.indexOf(preferred) + Math.floor(failures / 2)) % ORDER.length];
    timer = setTimeout(open, jitter(Math.min(LONGEST_MS, 250 * 2 ** Math.min(failures, 7))));
  }

  // The session has ended, or nothing here is for this person any more: the page as a whole knows what to show, once.
  // A form that was just sent may be why; where it leads says more than this page would, loaded again.
  function lookAgain() {
    say("reconnecting");
    if (Date.now() - submitted < HELLO_MS) return timer = setTimeout(lookAgain, HELLO_MS);
    const last = Number(sessionStorage.getItem("live-reload") || 0);
    if (Date.now() - last < HEALTHY_MS) return;
    sessionStorage.setItem("live-reload", Date.now());
    location.reload();
  }

  function again() {
    failures = 0;
    open();
  }

  const ours = (handle) => (event) => event.target === link && handle(event.detail);
  live.addEventListener("htmx:ws:close", ours((detail) => lost(detail.code)));
  live.addEventListener("htmx:sse:close", ours(() => lost()));
  live.addEventListener("htmx:sse:error", ours((detail) => lost(detail.status)));
  live.addEventListener("htmx:error", ours(() => lost()));
  live.addEventListener("htmx:response:error", ours((detail) => lost(detail.ctx.response.status)));
  live.addEventListener("hello", ours((detail) => control(JSON.parse(detail.data))));
  live.addEventListener("beat", ours((detail) => control(JSON.parse(detail.data))));
  live.addEventListener("bye", ours((detail) => lost(JSON.parse(detail.data).code)));
  live.addEventListener("htmx:ws:before:message:incoming", ours(({ connection, message }) => {
    if (!message.data.startsWith("{")) return;
    control(JSON.parse(message.data));
    connection.socket.send("beat");
  }));
  live.addEventListener("htmx:after:request", ours(({ ctx }) => {
    if (transport !== "poll" || ctx.response?.status >= 400) return;
    hear();
    asOf = new Date(ctx.response?.headers?.get("Live-At") || Date.now());
    say("polling");
    timer = setTimeout(low && heard - low > climb ? upward : open, jitter(5000));
  }));

  document.addEventListener("htmx:after:swap", ({ detail }) => {
    learn(detail.ctx?.text || "");
    if (link && detail.ctx?.sourceElement === link && transport !== "poll") {
      hear();
      asOf = new Date();
    }
    if (link && names() !== watched) open();
  });

  // Back to the better way now and then, less often each time it fails.
  function upward() {
    climb = Math.min(climb * 2, 600000);
    low = 0;
    preferred = transport = "ws";
    failures = 1;
    open();
  }

  setInterval(() => {
    const silent = Date.now() - heard;
    if (link && silent > (greeted ? 2.5 * beat : HELLO_MS)) lost();
    else if (link && greeted && transport === "sse" && Date.now() - low > climb) upward();
  }, 1000);

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(close, HIDDEN_MS);
    else if (!link || Date.now() - heard > beat) again();
  });
  addEventListener("submit", () => { submitted = Date.now(); });
  addEventListener("pagehide", close);
  addEventListener("pageshow", ({ persisted }) => persisted && again());
  addEventListener("online", again);
  addEventListener("offline", () => lost());

  for (const part of (live.dataset.shown || "").split("~")) {
    const [key, , version] = part.split(".");
    if (version) shown.set(key, version);
  }
  document.addEventListener("DOMContentLoaded", open);
})();
