"use strict";
// The figures of a report: turns the page's data into plots.
const report = (() => {
  const studies = JSON.parse(document.getElementById("data").textContent);
  for (const study of studies) {
    study.crowd = study.arms.some((arm) => !arm.leads);
    fitRates(study, study.arms.map((arm) => arm.leads));
  }
  /** Makes the rates of the arms shown fill the axis. */
  function fitRates(study, shown) {
    const rates = study.arms.flatMap((arm, index) => (shown[index] ? arm.rates.flatMap((rate) => rate.y) : [])).filter((rate) => rate > 0);
    const highest = rates.reduce((a, b) => Math.max(a, b), 0) || 1;
    // A schedule that ends at zero is followed down to a ten-thousandth of the highest rate.
    const lowest = Math.max(rates.reduce((a, b) => Math.min(a, b), highest), highest / 1e4);
    study.rate = { linear: [0, 1.08 * highest], log: [lowest / 1.4, 1.4 * highest] };
  }
  const coarse = matchMedia("(pointer: coarse)").matches;
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // Plotly reads labels as a kind of HTML; a strategy's name is none.
  const plain = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const rgba = (hex, alpha) =>
    `rgba(${[1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(",")},${alpha})`;
  const steps = (line, known) => line.t ?? line.y.map((_, index) => known?.[index] ?? index);

  const config = {
    displaylogo: false,
    responsive: true,
    displayModeBar: coarse ? false : "hover",
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
  };

  function axis(extra) {
    return {
      gridcolor: css("--line"),
      linecolor: css("--line"),
      zeroline: false,
      automargin: true,
      ...extra,
    };
  }

  function layout(extra) {
    return {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, size: 12.5, color: css("--ink") },
      hoverlabel: {
        bgcolor: css("--card"),
        bordercolor: css("--line"),
        font: { color: css("--ink"), size: 12 },
        namelength: -1,
      },
      margin: { l: 62, r: 12, t: 10, b: 40 },
      showlegend: false,
      modebar: { bgcolor: "rgba(0,0,0,0)", color: css("--muted"), activecolor: css("--ink") },
      dragmode: coarse ? false : "zoom",
      ...extra,
    };
  }

  // Powers of ten where there are several, else 1, 2, 5.
  function logAxis(bounds) {
    return {
      type: "log",
      range: bounds.map(Math.log10),
      tickmode: "linear",
      dtick: bounds[1] / bounds[0] > 200 ? Math.ceil(Math.log10(bounds[1] / bounds[0]) / 8) : "D2",
      tickformat: bounds[0] >= 1e-4 && bounds[1] <= 1e5 ? "~r" : "~e",
    };
  }
  // Without a mode of its own the axis would keep the log axis's distance between ticks.
  const linearAxis = (bounds) => ({ type: "linear", range: bounds, tickmode: "auto", dtick: null, tickformat: "" });
  const lossAxis = (curve, kind) => (kind === "log" ? logAxis(curve.log) : linearAxis(curve.linear));
  const rateAxis = (study, kind) => (kind === "log" ? logAxis(study.rate.log) : linearAxis(study.rate.linear));
  const top = (curve, kind) =>
    kind === "log"
      ? curve.log[0] * (curve.log[1] / curve.log[0]) ** 0.97
      : curve.linear[0] + (curve.linear[1] - curve.linear[0]) * 0.97;

  // Every trace carries the arm it belongs to and what it is, for the legend and the controls; those
  // of a loss carry which, as only one is shown at a time.
  function curveTraces(study) {
    const below = [];
    const above = [];
    if (study.crowd) {
      // All others are one grey trace with gaps.
      study.curves.forEach((curve, at) => {
        const others = study.arms.filter((arm) => !arm.leads).map((arm) => arm.curves[at].mean);
        below.push({
          x: others.flatMap((mean) => [...curve.t.slice(0, mean.length), null]),
          y: others.flatMap((mean) => [...mean, null]),
          name: "others",
          meta: { arm: -1, kind: "others", curve: at },
          hoverinfo: "skip",
          mode: "lines",
          line: { color: css("--crowd"), width: 0.8 },
        });
      });
    }
    const drawn = study.crowd ? study.order.toReversed() : study.arms.keys();
    [...drawn].forEach((index) => {
      const arm = study.arms[index];
      const name = plain(arm.label);
      const meta = (kind, curve) => ({ arm: index, kind, curve });
      arm.curves.forEach((spread, at) => {
        const curve = study.curves[at];
        const t = curve.t.slice(0, spread.mean.length);
        const quiet = { hoverinfo: "skip", mode: "lines", name };
        if (spread.runs.length) {
          // The runs of an arm are one trace with gaps, so that toggling stays quick.
          const x = [];
          const y = [];
          for (const run of spread.runs) {
            x.push(...steps(run, curve.bin === 1 ? curve.t : null), null);
            y.push(...run.y, null);
          }
          below.push({ ...quiet, x, y, meta: meta("runs", at), opacity: curve.unsteady ? 0.14 : 0.35, line: { color: arm.color, width: 0.7 } });
          const edge = { ...quiet, x: t, line: { color: arm.color, width: 0 } };
          below.push({ ...edge, y: spread.low, meta: meta("band", at) });
          below.push({ ...edge, y: spread.high, meta: meta("band", at), fill: "tonexty", fillcolor: rgba(arm.color, 0.14) });
        }
        const range = spread.low.length ? "  (%{customdata[0]:.3~g} to %{customdata[1]:.3~g})" : "";
        above.push({
          x: t,
          y: spread.mean,
          name,
          meta: meta("centre", at),
          customdata: spread.low.map((low, bin) => [low, spread.high[bin]]),
          mode: t.length <= 60 ? "lines+markers" : "lines",
          marker: { size: 4, color: arm.color },
          line: { color: arm.color, width: 2.2, dash: arm.dash },
          hovertemplate: `%{y:.4~g}${range}`,
        });
      });
      arm.rates.forEach((rate) => {
        above.push({
          x: steps(rate),
          y: rate.y,
          yaxis: "y2",
          name,
          meta: meta("rate"),
          mode: "lines",
          // A rate holds until the next step.
          line: { color: arm.color, width: 1.8, dash: arm.dash, shape: "hv" },
          hovertemplate: "rate %{y:.4~g}",
        });
      });
      if (arm.diverged.length) {
        above.push({
          x: arm.diverged.map(([, step]) => step),
          y: arm.diverged.map(() => top(study.curves[study.telling], "log")),
          name,
          meta: meta("diverged"),
          mode: "markers",
          cliponaxis: false,
          marker: { symbol: "x", size: 9, color: arm.color, line: { width: 1, color: css("--card") } },
          text: arm.diverged.map(([seed, step]) => `seed ${seed} diverged at step ${step}`),
          hovertemplate: "%{text}",
        });
      }
    });
    return [...below, ...above];
  }

  /** Draws a figure of which only the traces that `visible` tells are seen. */
  function plot(div, traces, visible, layout) {
    for (const trace of traces) trace.visible = visible(trace);
    return Plotly.newPlot(div, traces, layout, config);
  }

  function drawCurves(div, study, visible) {
    const first = study.curves[study.telling];
    return plot(
      div,
      curveTraces(study),
      visible,
      layout({
        hovermode: "x unified",
        // The nearest step answers, however far it is: short runs have few.
        hoverdistance: -1,
        xaxis: axis({
          title: { text: "step" },
          // Steps are whole.
          dtick: study.last <= 10 ? 1 : undefined,
          range: [-0.005 * study.last, 1.005 * study.last || 1],
          anchor: "y2",
          showspikes: true,
          spikemode: "across",
          spikethickness: 1,
          spikedash: "solid",
          spikecolor: css("--muted"),
          hoverformat: ".0f",
        }),
        yaxis: axis({ title: { text: plain(first.name) }, domain: [0.38, 1], ...lossAxis(first, "log") }),
        yaxis2: axis({ title: { text: "learning rate" }, domain: [0, 0.3], ...rateAxis(study, "linear") }),
      }),
    );
  }

  function drawSharpness(div, study, visible) {
    const traces = [];
    const finite = (values) => values.filter(Number.isFinite);
    const measurements = study.arms.flatMap((arm) => arm.sharpness ?? []);
    const values = finite(measurements.flatMap((measured) => [...measured.low, ...measured.high]).filter((v) => v > 0));
    const limits = finite(measurements.flatMap((measured) => measured.limit));
    // Limits far above every sharpness, as at a rate near zero, are out of the picture.
    const highest = Math.max(...values, Math.min(Math.max(...limits), 12 * Math.max(...values)));
    const lowest = Math.min(...values, ...limits);
    study.arms.forEach((arm, index) => {
      const measured = arm.sharpness;
      if (!measured) return;
      const name = plain(arm.label);
      traces.push({
        x: measured.t,
        y: measured.limit,
        name,
        meta: { arm: index, kind: "limit" },
        // A limit known at one step only is no line.
        mode: measured.t.length > 1 ? "lines" : "markers",
        marker: { symbol: "line-ew-open", size: 16, color: arm.color },
        line: { color: arm.color, width: 1.5, dash: "dash" },
        hovertemplate: "limit %{y:.4~g}",
      });
      traces.push({
        x: measured.t,
        y: measured.value,
        name,
        meta: { arm: index, kind: "sharpness" },
        mode: "lines+markers",
        line: { color: arm.color, width: 1.2 },
        marker: { size: 6, color: arm.color },
        error_y: {
          type: "data",
          array: measured.high.map((high, at) => high - measured.value[at]),
          arrayminus: measured.low.map((low, at) => measured.value[at] - low),
          color: arm.color,
          thickness: 1.2,
          width: 3,
        },
        hovertemplate: "sharpness %{y:.4~g}",
      });
    });
    return plot(
      div,
      traces,
      visible,
      layout({
        hovermode: "closest",
        xaxis: axis({ title: { text: "step" } }),
        yaxis: axis({
          title: { text: "sharpness" },
          ...logAxis([lowest / 1.3, highest * 1.3]),
        }),
      }),
    );
  }

  function drawValley(div, study, visible) {
    const { axes, minimum, hessian, floor, view, paths } = study.valley;
    const excess = (x, y) => {
      const [u, v] = [x - minimum[0], y - minimum[1]];
      return (hessian[0][0] * u * u + (hessian[0][1] + hessian[1][0]) * u * v + hessian[1][1] * v * v) / 2;
    };
    // A bowl's rings are ellipses along the Hessian's own directions, drawn as such: no grid, no kinks.
    const [a, b, c] = [hessian[0][0], (hessian[0][1] + hessian[1][0]) / 2, hessian[1][1]];
    const turn = Math.atan2(2 * b, a - c) / 2;
    const spread = Math.hypot((a - c) / 2, b);
    const steep = (a + c) / 2 + spread;
    const flat = Math.max((a + c) / 2 - spread, 1e-6 * steep);
    const ring = (level) => {
      const angles = Array.from({ length: 121 }, (_, at) => (2 * Math.PI * at) / 120);
      const [along, across] = [Math.sqrt((2 * level) / steep), Math.sqrt((2 * level) / flat)];
      const at = (angle) => [along * Math.cos(angle), across * Math.sin(angle)];
      return {
        x: angles.map(at).map(([u, v]) => minimum[0] + u * Math.cos(turn) - v * Math.sin(turn)),
        y: angles.map(at).map(([u, v]) => minimum[1] + u * Math.sin(turn) + v * Math.cos(turn)),
      };
    };
    const corners = view[0].flatMap((x) => view[1].map((y) => excess(x, y)));
    const highest = Math.max(...corners);
    const traces = [
      ...Array.from({ length: 14 }, (_, at) => ({
        ...ring(highest / 2.2 ** at),
        meta: { arm: -1, kind: "valley" },
        mode: "lines",
        line: { color: css("--contour"), width: 1 },
        fill: "toself",
        fillcolor: css("--depth"),
        hoverinfo: "skip",
      })),
      {
        x: [minimum[0]],
        y: [minimum[1]],
        meta: { arm: -1, kind: "minimum" },
        mode: "markers",
        marker: { symbol: "star", size: 11, color: css("--ink") },
        name: "lowest point",
        hovertemplate: `lowest point, loss ${floor.toPrecision(3)}<extra></extra>`,
      },
    ];
    // Paths that fly off cover much; they lie below those that stay.
    const order = paths.map((_, index) => index).sort((a, b) => paths[b].leaves - paths[a].leaves || a - b);
    order.forEach((index) => {
      const path = paths[index];
      if (!path.t.length) return;
      const arm = study.arms[index];
      const leaves = path.leaves ? " (leaves the picture)" : "";
      traces.push({
        x: path.x,
        y: path.y,
        name: plain(arm.label) + leaves,
        meta: { arm: index, kind: "path" },
        mode: "lines+markers",
        line: { color: arm.color, width: 1.1, dash: arm.dash },
        opacity: 0.9,
        marker: { color: arm.color, size: path.t.map((_, at) => (at ? (path.t.length <= 30 ? 4 : 2.5) : 9)), symbol: path.t.map((_, at) => (at ? "circle" : "circle-open")), line: { width: path.t.map((_, at) => (at ? 0 : 1.5)) } },
        customdata: path.t.map((t, at) => [t, floor + excess(path.x[at], path.y[at])]),
        hovertemplate: "step %{customdata[0]}, loss %{customdata[1]:.4~g}",
      });
    });
    return plot(
      div,
      traces,
      visible,
      layout({
        hovermode: "closest",
        xaxis: axis({ title: { text: plain(axes[0]) }, range: view[0], showgrid: false }),
        yaxis: axis({ title: { text: plain(axes[1]) }, range: view[1], showgrid: false, scaleanchor: "x" }),
      }),
    );
  }

  return { studies, css, plain, top, lossAxis, rateAxis, fitRates, draw: { curves: drawCurves, sharpness: drawSharpness, valley: drawValley } };
})();
