// Opens a report as a reader would and checks what is drawn. See run.sh for how to call it.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { open } from "./chromium.mjs";

const [path, pictures] = process.argv.slice(2);
if (!path) fail("usage: tests/browser/run.sh PATH_TO_REPORT [FOLDER_FOR_SCREENSHOTS]");
if (!existsSync(path)) fail(`there is no ${path}`);
const address = pathToFileURL(resolve(path)).href;

function fail(message) {
  console.error(`browser test: ${message}`);
  process.exit(1);
}

/** How soon a reader must see something. */
const FIRST_PAINT_MS = 1000;

let checks = 0;
function check(good, what) {
  checks += 1;
  if (!good) throw new Error(what);
}
function equal(got, wanted, what) {
  check(JSON.stringify(got) === JSON.stringify(wanted), `${what}: got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`);
}

const page = await open().catch((error) => fail(error.message));
const requests = [];
const complaints = [];

async function watch() {
  page.on("Runtime.consoleAPICalled", ({ type, args }) => {
    if (["error", "warning", "assert"].includes(type)) complaints.push(args.map((arg) => arg.value ?? arg.description).join(" "));
  });
  page.on("Runtime.exceptionThrown", ({ exceptionDetails: { text, exception } }) => complaints.push(exception?.description ?? text));
  // Violations of the content policy arrive here.
  page.on("Log.entryAdded", ({ entry }) => {
    if (["error", "warning"].includes(entry.level)) complaints.push(`${entry.text} ${entry.url ?? ""}`);
  });
  page.on("Network.requestWillBeSent", ({ request }) => requests.push(request.url));
  page.on("Network.webSocketCreated", ({ url }) => requests.push(url));
  // Whatever asks for anything but the page is refused, so that a leak cannot pass for a slow network.
  page.on("Fetch.requestPaused", ({ requestId, request }) => {
    const answer = request.url.split("#")[0] === address
      ? page.send("Fetch.continueRequest", { requestId })
      : page.send("Fetch.failRequest", { requestId, errorReason: "BlockedByClient" });
    answer.catch(() => {});
  });
  for (const domain of ["Page", "Runtime", "Log", "Network"]) await page.send(`${domain}.enable`);
  await page.send("Fetch.enable", { patterns: [{ urlPattern: "*" }] });
}

async function load(width, height, settings = {}) {
  const { scheme = "light", scripts = true } = settings;
  await page.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 500 });
  await page.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  await page.send("Emulation.setScriptExecutionDisabled", { value: !scripts });
  const loaded = new Promise((done) => page.on("Page.loadEventFired", done));
  const { errorText } = await page.send("Page.navigate", { url: address });
  check(!errorText, `the page cannot be opened: ${errorText}`);
  await loaded;
  if (scripts) await page.until("document.documentElement?.dataset.ready === 'true'", "the page's script to end");
}

async function picture(name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  const { data } = await page.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true });
  writeFileSync(join(pictures, `${name}.png`), Buffer.from(data, "base64"));
}

const inFigure = (study, figure) => `document.querySelector('[data-study="${study}"] [data-figure="${figure}"]')`;
const drawn = (study, figure) => page.evaluate(`${inFigure(study, figure)}.querySelectorAll("g.scatterlayer > g.trace").length`);
const ticks = (study, axis) =>
  page.evaluate(`[...${inFigure(study, "curves")}.querySelectorAll("g.${axis}tick text")].map((tick) => tick.textContent)`);
const click = (study, selector) =>
  page.evaluate(`document.querySelector(${JSON.stringify(`[data-study="${study}"] ${selector}`)}).click()`);

/** Whether a study has more strategies than its figures show at first. */
const crowded = (study) => study.arms.some((arm) => !arm.leads);

/** How many traces each figure of a study should have, from the page's own data. */
function expected(study) {
  const arms = study.arms;
  const count = (of) => arms.reduce((sum, arm) => sum + of(arm), 0);
  return {
    curves:
      count((arm) => arm.curves.reduce((sum, { runs }) => sum + (runs.length ? 4 : 1), 0) + arm.rates.length + (arm.diverged.length ? 1 : 0)) +
      (crowded(study) ? study.curves.length : 0),
    sharpness: count((arm) => (arm.sharpness ? 2 : 0)),
    // The lowest point, and the paths; rings are counted apart.
    valley: study.valley ? 1 + study.valley.paths.filter((path) => path.t.length).length : 0,
  };
}

async function figures(studies) {
  const plots = await page.evaluate("document.querySelectorAll('.js-plotly-plot').length");
  let wanted = 0;
  for (const [at, study] of studies.entries()) {
    for (const [figure, traces] of Object.entries(expected(study))) {
      const present = await page.evaluate(`${inFigure(at, figure)} !== null`);
      equal(present, traces > 0, `study ${at} has the figure ${figure}`);
      if (!traces) continue;
      wanted += 1;
      equal(await page.evaluate(`${inFigure(at, figure)}.data.filter((trace) => trace.meta.kind !== "valley").length`), traces, `traces of ${figure} in study ${at}`);
      const { width, height } = await page.evaluate(`(({ width, height }) => ({ width, height }))(${inFigure(at, figure)}.getBoundingClientRect())`);
      check(width > 250 && height > 250, `${figure} of study ${at} is ${width} x ${height}`);
      check((await drawn(at, figure)) > 0, `${figure} of study ${at} draws no line`);
    }
    const rows = await page.evaluate(`document.querySelectorAll('[data-study="${at}"] .results tbody tr').length`);
    equal(rows, study.arms.length, `table rows of study ${at}`);
    const labels = await page.evaluate(`[...document.querySelectorAll('[data-study="${at}"] .results tbody .arm')].map((arm) => arm.textContent.trim())`);
    equal(labels, study.order.map((arm) => study.arms[arm].label.trim()), `labels in the table of study ${at}`);
  }
  equal(plots, wanted, "number of figures");
  check(plots >= studies.length, "every study has a figure");
}

async function controls(study, at) {
  const before = await ticks(at, "y");
  await click(at, "[data-set='loss axis'][data-value='linear']");
  equal(await page.evaluate(`${inFigure(at, "curves")}._fullLayout.yaxis.type`), "linear", "type of the loss axis");
  check(JSON.stringify(await ticks(at, "y")) !== JSON.stringify(before), "the ticks change with the loss axis");
  await picture(`linear-${at}`);
  await click(at, "[data-set='loss axis'][data-value='log']");
  equal(await ticks(at, "y"), before, "ticks after switching back");
  const rates = await ticks(at, "y2");
  await click(at, "[data-set='rate axis'][data-value='log']");
  equal(await page.evaluate(`${inFigure(at, "curves")}._fullLayout.yaxis2.type`), "log", "type of the rate axis");
  await click(at, "[data-set='rate axis'][data-value='linear']");
  equal(await ticks(at, "y2"), rates, "ticks of the rate after switching back");

  await curve(study, at);

  const spread = (arm) => arm.curves[study.telling];
  // The strategy with the longest line stands for all: one that diverged at once may have none.
  const points = (index) => spread(study.arms[index]).mean.length;
  const arm = study.order.filter((index) => study.arms[index].leads).reduce((best, index) => (points(index) > points(best) ? index : best));
  const figuresOfArm = { curves: true, sharpness: study.arms[arm].sharpness, valley: study.valley?.paths[arm].t.length };
  const names = Object.keys(figuresOfArm).filter((name) => figuresOfArm[name]);
  const all = await Promise.all(names.map((name) => drawn(at, name)));
  await click(at, `[data-arm='${arm}']`);
  const fewer = await Promise.all(names.map((name) => drawn(at, name)));
  equal(await page.evaluate(`document.querySelector('[data-study="${at}"] [data-arm="${arm}"]').getAttribute("aria-pressed")`), "false", "state of the legend's button");
  names.forEach((name, index) => check(fewer[index] < all[index], `hiding a strategy takes its lines out of ${name}`));
  const still = await page.evaluate(`${inFigure(at, "curves")}.data.filter((trace) => trace.meta.arm === ${arm} && trace.visible !== false).length`);
  equal(still, 0, "traces of a hidden strategy");
  await click(at, `[data-arm='${arm}']`);
  equal(await Promise.all(names.map((name) => drawn(at, name))), all, "lines after showing it again");

  if (study.seeds > 1) {
    const centre = `${inFigure(at, "curves")}.data.find((trace) => trace.meta.kind === "centre" && trace.meta.arm === ${arm} && trace.meta.curve === ${study.telling}).y`;
    equal(await page.evaluate(centre), spread(study.arms[arm]).mean, "the line drawn at first");
    await click(at, "[data-set='line'][data-value='median']");
    equal(await page.evaluate(centre), spread(study.arms[arm]).median, "the line after asking for the median");
    await click(at, "[data-set='line'][data-value='mean']");
    const atFirst = crowded(study) ? "hidden" : "shown";
    equal(await page.evaluate(`document.querySelector('[data-study="${at}"] [data-set="single runs"][aria-pressed="true"]').dataset.value`), atFirst, "single runs at first");
    await click(at, "[data-set='single runs'][data-value='shown']");
    const whole = await drawn(at, "curves");
    await click(at, "[data-set='single runs'][data-value='hidden']");
    const runs = study.arms.filter((line) => spread(line).runs.length).length;
    equal(await drawn(at, "curves"), whole - runs, "lines without single runs");
    await click(at, `[data-set='single runs'][data-value='${atFirst}']`);
    equal(await drawn(at, "curves"), all[names.indexOf("curves")], "lines as they were at first");
  }
}

/** What only a study of many strategies has: a table to search, and strategies to add to the figures. */
async function crowd(study, at) {
  const rows = () => page.evaluate(`[...document.querySelectorAll('[data-study="${at}"] .results tbody tr')].filter((row) => !row.hidden).map((row) => row.cells[0].querySelector(".arm").textContent.trim())`);
  const find = (text) =>
    page.evaluate(`((field) => { field.value = ${JSON.stringify(text)}; field.dispatchEvent(new Event("input")); })(document.querySelector('[data-study="${at}"] [data-find]'))`);
  const last = study.order.at(-1);
  const label = study.arms[last].label;
  await find(label);
  const found = await rows();
  check(found.includes(label) && found.length < study.arms.length / 4, `a search for ${label} finds ${found.length} strategies`);
  const before = await drawn(at, "curves");
  const inLegend = `document.querySelector('[data-study="${at}"] .legend [data-arm="${last}"]').hidden`;
  equal(await page.evaluate(inLegend), true, "the last strategy's button in the legend is hidden");
  await click(at, `.results [data-arm='${last}']`);
  check((await drawn(at, "curves")) > before, "choosing a strategy in the table draws it");
  equal(await page.evaluate(inLegend), false, "once chosen it is in the legend");
  await picture(`chosen-${at}`);
  await click(at, `.results [data-arm='${last}']`);
  equal(await drawn(at, "curves"), before, "lines after taking it out again");
  await find("");
  equal((await rows()).length, study.arms.length, "rows after the search");
}

/** A click on a heading sorts the table, another one turns it round; what has no number stays last. */
async function sorting(at) {
  const keys = () => page.evaluate(`[...document.querySelectorAll('[data-study="${at}"] .results tbody tr')].map((row) => row.cells[2].dataset.key)`);
  const numbers = async () => (await keys()).filter((key) => key !== "").map(Number);
  const sort = () => click(at, ".results thead th:nth-child(3) .sort");
  await sort();
  const rising = await numbers();
  equal(rising, rising.toSorted((a, b) => a - b), "the objective after sorting");
  check(rising.every(Number.isFinite), "a key that is no number");
  check((await keys()).slice(rising.length).every((key) => key === ""), "what has no number is not last");
  await sort();
  equal(await numbers(), rising.toReversed(), "the objective after sorting again");
  await sort();
}

/** When the page first showed anything, in milliseconds after it was asked for. */
async function firstPaint() {
  const paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
  await page.until(`${paint} !== undefined`, "the first paint");
  const ms = await page.evaluate(paint);
  check(ms < FIRST_PAINT_MS, `the first paint came after ${ms.toFixed(0)} ms; at most ${FIRST_PAINT_MS} ms are allowed`);
  return ms;
}

/** Switches to every curve of a study and back to the one that is shown at first. */
async function curve(study, at) {
  const shown = () =>
    page.evaluate(`[...new Set(${inFigure(at, "curves")}.data.filter((trace) => trace.visible !== false).map((trace) => trace.meta.curve).filter((curve) => curve !== undefined))]`);
  const pressed = `[...document.querySelectorAll('[data-study="${at}"] [data-set="curve"][aria-pressed="true"]')].map((button) => button.dataset.value)`;
  const switches = await page.evaluate(`document.querySelectorAll('[data-study="${at}"] [data-set="curve"]').length`);
  equal(switches, study.curves.length > 1 ? study.curves.length : 0, `choices of a curve in study ${at}`);
  equal(await shown(), [study.telling], `curve shown at first in study ${at}`);
  if (!switches) return;
  equal(await page.evaluate(pressed), [study.curves[study.telling].name], "pressed choice of a curve");
  const before = [await ticks(at, "y"), await drawn(at, "curves")];
  const others = study.curves.map((_, index) => index).filter((index) => index !== study.telling);
  for (const index of [...others, study.telling]) {
    const { name, log } = study.curves[index];
    await click(at, `[data-set='curve'][data-value='${name}']`);
    equal(await shown(), [index], `curve shown after asking for the ${name}`);
    equal(await page.evaluate(pressed), [name], "pressed choice of a curve");
    equal(await page.evaluate(`${inFigure(at, "curves")}._fullLayout.yaxis.title.text`), name, "title of the axis");
    const range = await page.evaluate(`${inFigure(at, "curves")}._fullLayout.yaxis.range`);
    check(range.every((end, side) => Math.abs(end - Math.log10(log[side])) < 1e-9), `range of the ${name}: ${range}`);
    if (index !== study.telling) await picture(`other-curve-${at}`);
  }
  equal([await ticks(at, "y"), await drawn(at, "curves")], before, "ticks and lines after switching back");
  const shapes = await page.evaluate(`${inFigure(at, "curves")}.data.filter((trace) => trace.meta.kind === "rate").map((trace) => trace.line.shape)`);
  check(shapes.every((shape) => shape === "hv"), `a rate is drawn slanted: ${shapes}`);
}

async function hoverAndZoom(study, at) {
  await page.evaluate(`${inFigure(at, "curves")}.scrollIntoView({ block: "center", behavior: "instant" })`);
  const { x, y, width, height } = await page.evaluate(
    `(({ x, y, width, height }) => ({ x, y, width, height }))(${inFigure(at, "curves")}.querySelector(".nsewdrag").getBoundingClientRect())`,
  );
  const mouse = (type, share, rest = {}) =>
    page.send("Input.dispatchMouseEvent", { type, x: x + share * width, y: y + height / 2, button: "none", ...rest });
  await mouse("mouseMoved", 0.28);
  await mouse("mouseMoved", 0.3);
  const label = `${inFigure(at, "curves")}.querySelector("g.hoverlayer")?.textContent ?? ""`;
  await page.until(`(${label}) !== ""`, `a hover label in study ${at}`);
  const text = await page.evaluate(label);
  check(study.arms.some((arm) => text.includes(arm.label)), `the hover label names no strategy: ${text}`);
  await picture(`hover-${at}`);

  const range = `JSON.stringify(${inFigure(at, "curves")}._fullLayout.xaxis.range)`;
  const before = await page.evaluate(range);
  await mouse("mousePressed", 0.3, { button: "left", clickCount: 1, buttons: 1 });
  await mouse("mouseMoved", 0.5, { button: "left", buttons: 1 });
  await mouse("mouseMoved", 0.6, { button: "left", buttons: 1 });
  await mouse("mouseReleased", 0.6, { button: "left", clickCount: 1 });
  await page.until(`${range} !== ${JSON.stringify(before)}`, `the zoom in study ${at}`);
  if (expected(study).sharpness) {
    const other = `JSON.stringify(${inFigure(at, "sharpness")}._fullLayout.xaxis.range)`;
    await page.until(`${other} === ${range}`, "the sharpness to follow the zoom");
  }
}

async function words() {
  const code = await page.evaluate("[...document.querySelectorAll('.code')].map((block) => block.querySelector('code').textContent.length)");
  check(code.every((length) => length > 20), "a code block is empty");
  if (code.length) {
    equal(await page.evaluate("document.querySelector('.copy').hidden"), false, "copy button hidden");
    await page.evaluate("document.querySelector('.copy').click()");
    const wanted = "document.querySelector('.code code').textContent";
    await page.until(
      `document.querySelector(".copy").textContent === "Copied" || String(getSelection()).trim() === ${wanted}.trim()`,
      "the code to be copied or selected",
    );
  }
  check(await page.evaluate("document.querySelectorAll('.rule .evidence tbody tr').length > 0"), "no evidence is shown");
  check(await page.evaluate("[...document.querySelectorAll('table')].every((table) => table.caption)"), "a table has no caption");
}

try {
  await watch();
  await load(1280, 900);
  const paint = await firstPaint();
  const studies = JSON.parse(await page.evaluate("document.getElementById('data').textContent"));
  check(studies.length > 0, "the report holds no study");
  await figures(studies);
  await words();
  await picture("whole");
  for (const [at, study] of studies.entries()) {
    await controls(study, at);
    await hoverAndZoom(study, at);
    if (crowded(study)) await crowd(study, at);
    await sorting(at);
  }

  await load(1280, 900, { scheme: "dark" });
  const ink = await page.evaluate("document.querySelector('.js-plotly-plot')._fullLayout.font.color");
  equal(ink, await page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()"), "ink of dark figures");
  await picture("dark");
  await load(390, 844);
  check(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than a phone");
  await picture("phone");
  await load(1280, 900, { scripts: false });
  check(await page.evaluate("document.querySelector('.results').innerText.length > 100"), "no table without scripts");
  await picture("no-script");

  equal(complaints, [], "complaints in the console");
  // Inlined data is no request that could leave the machine.
  const asked = requests.map((url) => url.split("#")[0]).filter((url) => !/^(data|blob):/.test(url));
  equal([...new Set(asked)], [address], "requests");
  console.log(`browser test: ${checks} checks passed, ${studies.length} studies, first paint after ${paint.toFixed(0)} ms, nothing left the page`);
  await page.close();
} catch (error) {
  await page.close().catch(() => {});
  if (complaints.length) console.error(complaints.slice(0, 5).join("\n"));
  fail(error.message);
}
