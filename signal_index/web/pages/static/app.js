/*
 * Comfort for pages that work without it: time-out warning, end of a view, print button, filter, focus on errors.
 * Invariants: no dependency, nothing stored, no string becomes markup or code (Trusted Types stay on). The server
 * alone decides when a session or a view has ended; this file only takes away what is still on the screen.
 */
"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => root.querySelectorAll(selector);
  const dialog = one("dialog[data-session]");
  const idle = Number(document.body.dataset.idleSeconds) * 1000;
  const warning = Number(document.body.dataset.warningSeconds) * 1000;
  const tabs = new BroadcastChannel("signaalindex");
  let deadline = idle ? Date.now() + idle : Infinity;

  const extend = () => {
    deadline = Date.now() + idle;
    dialog?.close();
  };
  const leave = () => {
    clearInterval(clock);
    one("main").replaceChildren(); // going to another page may take long when the network is away
    location.replace("/verlopen");
  };
  const stay = async (form) => {
    try {
      const headers = { Accept: "application/json" };
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.action, { method: "POST", headers, body, redirect: "manual" });
      if (answer.status !== 204) return leave();
      extend();
      tabs.postMessage("extended");
    } catch {
      form.submit();
    }
  };

  // One session, several tabs: a visit in one keeps the others, signing out in one clears them all.
  if (idle) {
    tabs.postMessage("extended");
    tabs.onmessage = ({ data }) => (data === "ended" ? leave() : extend());
  }
  for (const form of all("form[data-sign-out]")) form.addEventListener("submit", () => tabs.postMessage("ended"));

  const staying = dialog && one("form[data-stay]", dialog);
  staying?.addEventListener("submit", (event) => { event.preventDefault(); stay(staying); });
  dialog?.addEventListener("cancel", (event) => { event.preventDefault(); stay(staying); });

  // A view ends by the server's clock; data-served-at says what that clock showed when the page left.
  const timed = one("[data-ends-at]");
  const skew = timed?.dataset.servedAt ? Date.now() - Date.parse(timed.dataset.servedAt) : 0;
  const end = timed ? Date.parse(timed.dataset.endsAt) + skew : Infinity;
  const endView = () => {
    const view = one("[data-view]"), ended = one("[data-ended]");
    if (!ended.hidden) return;
    view.replaceChildren();
    view.hidden = true;
    ended.hidden = false;
    ended.focus();
  };

  // A clock instead of timers: after sleep, or in a throttled tab, the first tick catches up.
  const tick = () => {
    const now = Date.now();
    if (now >= end) endView();
    if (now >= deadline) leave();
    else if (now >= deadline - warning && dialog && !dialog.open) dialog.showModal();
  };
  const clock = setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick);
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  for (const text of all("[data-print-by-hand]")) text.hidden = true;
  for (const button of all("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
  for (const field of all("[data-filter]")) {
    field.hidden = false;
    one("input", field).addEventListener("input", ({ target }) => {
      const wanted = target.value.trim().toLowerCase();
      for (const item of all("[data-filter-item]")) item.hidden = !item.textContent.toLowerCase().includes(wanted);
      for (const group of all("[data-filter-group]")) group.hidden = !one("[data-filter-item]:not([hidden])", group);
      one("[role=status]", field).textContent = one("[data-filter-item]:not([hidden])") ? "" : field.dataset.none;
    });
  }
  one("[data-error-summary]")?.focus();
})();
