// What a reader can do with the figures. One legend rules all figures of a study.
(() => {
  const { studies, css, plain, top, lossAxis, rateAxis, fitRates, draw } = report;
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function setUp(section) {
    const study = studies[Number(section.dataset.study)];
    const shown = study.arms.map((arm) => arm.leads);
    const chosen = { curve: study.curves[study.telling].name, "loss axis": "log", "rate axis": "linear", line: "mean", "single runs": study.crowd ? "hidden" : "shown" };
    const figures = [...section.querySelectorAll("[data-figure]")];
    const curves = figures.find((div) => div.dataset.figure === "curves");
    section.querySelector(".figures").hidden = false;

    const curve = () => study.curves.find(({ name }) => name === chosen.curve);
    const visible = (trace) =>
      (trace.meta.curve === undefined || study.curves[trace.meta.curve] === curve()) &&
      (trace.meta.arm < 0 || shown[trace.meta.arm]) &&
      (trace.meta.kind !== "runs" || chosen["single runs"] === "shown");

    function refresh() {
      for (const div of figures) {
        Plotly.restyle(div, { visible: div.data.map(visible) }, div.data.map((_, index) => index));
      }
      section.querySelectorAll("[data-arm]").forEach((button) => {
        const on = shown[Number(button.dataset.arm)];
        button.setAttribute("aria-pressed", String(on));
        // Of many strategies the legend lists those that were ever shown.
        if (on) button.hidden = false;
      });
      if (study.crowd) {
        fitRates(study, shown);
        setAxis("yaxis2", rateAxis(study, chosen["rate axis"]));
      }
    }

    const spread = ({ arm, curve }) => study.arms[arm].curves[curve];

    function apply(name, value) {
      chosen[name] = value;
      const of = (kind) => curves.data.flatMap((trace, index) => (trace.meta.kind === kind ? [index] : []));
      if (name === "curve" || name === "loss axis") {
        const kind = chosen["loss axis"];
        const marks = of("diverged");
        if (marks.length) {
          Plotly.restyle(curves, { y: marks.map((at) => curves.data[at].x.map(() => top(curve(), kind))) }, marks);
        }
        setAxis("yaxis", { "title.text": plain(curve().name), ...lossAxis(curve(), kind) });
        if (name === "curve") refresh();
      } else if (name === "rate axis") {
        setAxis("yaxis2", rateAxis(study, value));
      } else if (name === "line") {
        const lines = of("centre");
        Plotly.restyle(curves, { y: lines.map((at) => spread(curves.data[at].meta)[value]) }, lines);
      } else {
        refresh();
      }
    }

    function setAxis(axis, settings) {
      const next = Object.entries(settings).map(([key, setting]) => [`${axis}.${key}`, setting]);
      Plotly.relayout(curves, Object.fromEntries(next));
    }

    function alike() {
      // Figures over the same steps zoom together.
      const others = figures.filter((div) => div.dataset.figure === "sharpness");
      const follow = (from, to) =>
        from.on("plotly_relayout", (change) => {
          const range = change["xaxis.range"] ?? [change["xaxis.range[0]"], change["xaxis.range[1]"]];
          const home = change["xaxis.autorange"] || range[0] === undefined;
          if (from.silent || (home && !change["xaxis.autorange"])) return;
          to.silent = true;
          const next = home ? { "xaxis.autorange": true } : { "xaxis.range": range };
          Plotly.relayout(to, next).then(() => (to.silent = false));
        });
      for (const other of others) {
        follow(curves, other);
        follow(other, curves);
      }
    }

    for (const div of figures) draw[div.dataset.figure](div, study, visible);
    alike();

    section.querySelectorAll("[data-arm]").forEach((button) => {
      button.disabled = false;
      const arm = Number(button.dataset.arm);
      button.addEventListener("click", () => {
        shown[arm] = !shown[arm];
        refresh();
      });
      button.addEventListener("dblclick", () => {
        const alone = shown.every((on, index) => on === (index === arm));
        shown.forEach((_, index) => (shown[index] = (alone && study.arms[index].leads) || index === arm));
        refresh();
      });
    });
    section.querySelectorAll("[data-set]").forEach((button) => {
      button.addEventListener("click", () => {
        for (const other of button.parentElement.querySelectorAll("[data-set]")) {
          other.setAttribute("aria-pressed", String(other === button));
        }
        apply(button.dataset.set, button.dataset.value);
      });
    });
    sortable(section.querySelector(".results"));
    section.querySelectorAll("[data-find]").forEach((field) => findable(field, section));
    section.querySelectorAll(".code").forEach((block) => {
      const button = block.querySelector(".copy");
      button.hidden = false;
      button.addEventListener("click", () => {
        const code = block.querySelector("code");
        const done = () => {
          button.textContent = "Copied";
          setTimeout(() => (button.textContent = "Copy"), 1600);
        };
        // Some browsers keep the clipboard from pages that were opened as files: select instead.
        const select = () => getSelection().selectAllChildren(code);
        if (navigator.clipboard) navigator.clipboard.writeText(code.textContent).then(done, select);
        else select();
      });
    });
    return figures;
  }

  /** Lets the headings of a table sort its rows: numbers as numbers, what is none last. */
  function sortable(table) {
    const body = table.tBodies[0];
    const key = (row, column) => row.cells[column].dataset.key ?? "";
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const sign = heading.ariaSort === "ascending" ? -1 : 1;
        for (const other of heading.parentElement.cells) other.ariaSort = null;
        heading.ariaSort = sign > 0 ? "ascending" : "descending";
        const rows = [...body.rows].map((row) => [key(row, column), row]);
        const missing = ([text]) => text === "";
        const compare = ([a], [b]) => (heading.classList.contains("n") ? a - b : a.localeCompare(b, "en", { numeric: true }));
        rows.sort((a, b) => missing(a) - missing(b) || sign * compare(a, b));
        body.append(...rows.map(([, row]) => row));
      });
    });
  }

  /** Narrows the table to the strategies whose name or verdict holds what is typed. */
  function findable(field, section) {
    const rows = [...section.querySelectorAll(".results tbody tr")];
    const told = field.closest(".tools").querySelector("output");
    field.closest(".tools").hidden = false;
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) {
        const text = `${row.cells[0].textContent} ${row.cells[1].textContent}`.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
      const left = rows.filter((row) => !row.hidden).length;
      told.textContent = words.length ? `${left} of ${rows.length}` : "";
    });
  }

  const figures = [...document.querySelectorAll("[data-study]")].flatMap(setUp);

  function recolour() {
    const frame = { "font.color": css("--ink"), "hoverlabel.bgcolor": css("--card"), "hoverlabel.bordercolor": css("--line"), "hoverlabel.font.color": css("--ink") };
    for (const div of figures) {
      const next = { ...frame };
      for (const name of ["xaxis", "yaxis", "yaxis2"].filter((name) => div.layout[name])) {
        next[`${name}.gridcolor`] = css("--line");
        next[`${name}.linecolor`] = css("--line");
      }
      Plotly.relayout(div, next);
      div.data.forEach((trace, index) => {
        if (trace.meta.kind === "valley") Plotly.restyle(div, { "line.color": css("--contour"), fillcolor: css("--depth") }, [index]);
        if (trace.meta.kind === "others") Plotly.restyle(div, { "line.color": css("--crowd") }, [index]);
        if (trace.meta.kind === "minimum") Plotly.restyle(div, { "marker.color": css("--ink") }, [index]);
      });
    }
  }
  dark.addEventListener("change", recolour);
  // Paper is white, whatever the screen is.
  addEventListener("beforeprint", () => {
    document.documentElement.classList.add("paper");
    document.querySelectorAll("details").forEach((details) => (details.open = true));
    recolour();
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("paper");
    recolour();
  });
  document.documentElement.dataset.ready = "true";
})();
