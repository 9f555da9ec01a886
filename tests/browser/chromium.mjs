// Drives headless Chromium through the DevTools protocol over a pair of pipes: no package needed.

import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/** The path of Chromium; throws where there is none. */
export function find() {
  const places = process.env.CHROMIUM
    ? [process.env.CHROMIUM]
    : NAMES.flatMap((name) => (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name)));
  for (const place of places) {
    try {
      accessSync(place, constants.X_OK);
      return place;
    } catch {
      // Not here; the next place may have it.
    }
  }
  throw new Error(`Chromium is missing: none of ${process.env.CHROMIUM ?? NAMES.join(", ")} can be run`);
}

/** Starts Chromium with one empty page; gives that page's session. */
export async function open() {
  const program = find();
  const profile = mkdtempSync(join(tmpdir(), "lrlab-browser-"));
  const flags = [
    "--headless=new",
    "--remote-debugging-pipe",
    `--user-data-dir=${profile}`,
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
  ];
  // Chromium refuses its sandbox to the superuser, whom containers run as.
  if (process.getuid?.() === 0) flags.push("--no-sandbox");
  const child = spawn(program, [...flags, "about:blank"], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const [, , , input, output] = child.stdio;
  const waiting = new Map();
  const listeners = [];
  let last = 0;
  let rest = "";
  output.setEncoding("utf8");
  output.on("data", (text) => {
    const messages = (rest + text).split("\0");
    rest = messages.pop();
    for (const message of messages.map((line) => JSON.parse(line))) {
      const answer = waiting.get(message.id);
      waiting.delete(message.id);
      if (answer && message.error) answer.reject(new Error(`${answer.method}: ${message.error.message}`));
      else if (answer) answer.resolve(message.result);
      else listeners.forEach((listener) => listener(message));
    }
  });
  const gone = () => waiting.forEach((answer) => answer.reject(new Error("Chromium ended before it answered")));
  child.on("exit", gone);
  child.on("error", gone);
  input.on("error", gone);

  const send = (method, params = {}, sessionId = undefined) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve, reject, method });
      input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  const { targetInfos } = await send("Target.getTargets");
  const { targetId } = targetInfos.find((target) => target.type === "page");
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });

  const page = {
    send: (method, params) => send(method, params, sessionId),
    on: (method, listener) =>
      listeners.push((message) => {
        if (message.method === method && message.sessionId === sessionId) listener(message.params);
      }),
    /** The value of a JavaScript expression in the page; promises are awaited. */
    async evaluate(expression) {
      const answer = await page.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
      if (answer.exceptionDetails) {
        const { exception, text } = answer.exceptionDetails;
        throw new Error(`in the page: ${exception?.description ?? text}`);
      }
      return answer.result.value;
    },
    /** Waits until an expression is true; throws after half a minute, telling what was waited for. */
    async until(expression, what) {
      for (const end = Date.now() + 30_000; Date.now() < end; ) {
        if (await page.evaluate(expression)) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`waited in vain for ${what}`);
    },
    async close() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await send("Browser.close").catch(() => child.kill());
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
    },
  };
  return page;
}
