// Draws the charts when they come into view (and all of them for printing), chooses an entity,
// filters the catalogue. Data is only ever set as text or handed to Plotly.
"use strict";

const drawn = new Set();

function draw(plot) {
  if (drawn.has(plot) || typeof Plotly === "undefined" || plot.offsetParent === null) return;
  drawn.add(plot);
  const figure = JSON.parse(document.getElementById(plot.dataset.chart).textContent);
  Plotly.newPlot(plot, figure.data, figure.layout, {
    responsive: true,
    displaylogo: false,
    displayModeBar: false,
    doubleClick: "reset+autosize",
  });
}

const plots = [...document.querySelectorAll(".plot")];
if ("IntersectionObserver" in window) {
  const observer = new IntersectionObserver(
    (entries) => entries.filter((e) => e.isIntersecting).forEach((e) => draw(e.target)),
    { rootMargin: "600px" },
  );
  plots.forEach((plot) => observer.observe(plot));
} else {
  plots.forEach(draw);
}
window.addEventListener("beforeprint", () => {
  plots.forEach(draw);
  document.querySelectorAll("details").forEach((details) => { details.open = true; });
});

const choice = document.querySelector("[data-choose]");
if (choice) {
  choice.closest("[hidden]").hidden = false;
  const choose = (id) => {
    document.querySelectorAll(choice.dataset.choose).forEach((section) => {
      section.hidden = id !== "" && section.id !== id;
    });
  };
  choice.addEventListener("change", () => choose(choice.value));
  // a link to an entity that is hidden shows it
  window.addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.hidden) { choice.value = target.id; choose(target.id); target.scrollIntoView(); }
  });
}

const filter = document.querySelector("[data-filter]");
if (filter) {
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    document.querySelectorAll(filter.dataset.filter).forEach((item) => {
      const found = item.textContent.toLowerCase().includes(wanted);
      item.hidden = !found;
      item.open = wanted.length > 2 && found;
    });
  });
}

// a link to a mart opens its description
function openTarget() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target && target.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
}
window.addEventListener("hashchange", openTarget);
openTarget();
