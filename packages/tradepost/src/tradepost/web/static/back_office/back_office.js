// What the pages do beside what htmx and Alpine do for them. Without it every link and form still works.
(() => {
  "use strict";

  // --- values by the reader's zone and habits; the server wrote them in UTC and English ---
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
  const wholes = new Intl.NumberFormat();
  const money = (currency) => {
    try {
      return new Intl.NumberFormat(undefined, { style: "currency", currency });
    } catch {
      return null; // a store may call its currency as it likes
    }
  };
  const plain = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2 });

  const localise = (root) => {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      if (Number.isNaN(moment.getTime())) continue;
      time.title = exact.format(moment);
      // What is long ago is told as a day, and which day that was depends on where one sits.
      if (/^\d{4}-\d{2}-\d{2}$/.test(time.textContent.trim())) time.textContent = days.format(moment);
    }
    for (const data of root.querySelectorAll("data[value]")) {
      const number = Number(data.value);
      if (Number.isNaN(number)) continue;
      const currency = data.dataset.currency;
      if (currency === undefined) data.textContent = wholes.format(number);
      else data.textContent = ((currency && money(currency)) || plain).format(number);
    }
  };

  // Unfold writes the name of a chosen file into a text field of its own; ours have none, and it would fail at each.
  const plainFiles = (root) => {
    for (const field of root.querySelectorAll("input[type=file]")) field.hasChangeListener = true;
  };

  // --- the side panel ---
  const panel = () => document.getElementById("panel");
  let opener = null;

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== panel()) return;
    // A refusal, an error or the login is a page, and not a part of one.
    const isPage = event.detail.xhr.status >= 300 || /<html/i.test(event.detail.serverResponse);
    if (isPage) {
      event.detail.shouldSwap = false;
      window.location.assign(event.detail.pathInfo.requestPath);
    }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    localise(event.detail.target);
    plainFiles(event.detail.target);
    if (event.detail.target !== panel()) return;
    if (!panel().open) {
      opener = event.detail.requestConfig?.elt ?? null;
      panel().showModal();
    }
    panel().querySelector("#panel-title")?.focus();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-panel]") || event.target === panel()) panel()?.close();
    // A menu closes when something else is chosen.
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    localise(document);
    plainFiles(document);
    panel()?.addEventListener("close", () => {
      panel().replaceChildren();
      opener?.focus();
      opener = null;
    });
  });
})();
