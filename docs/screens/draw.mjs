// Draws every surface of a folder into docs/screens: node draw.mjs <node_modules' folder>
// <surfaces' folder> <browser>. Who is who is told by the surfaces' own names file.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [tools, surfaces, browser] = process.argv.slice(2);
const require = createRequire(join(tools, "node_modules", "_"));
const esbuild = require("esbuild");
const upng = require("upng-js");
const { default: puppeteer } = await import(require.resolve("puppeteer-core"));
const COLOURS = 40;
const here = dirname(fileURLToPath(import.meta.url));

const { outputFiles } = await esbuild.build({
  entryPoints: [join(here, "page.jsx")],
  bundle: true,
  write: false,
  minify: true,
  jsx: "automatic",
  nodePaths: [join(tools, "node_modules")],
  define: { "process.env.NODE_ENV": '"production"' },
});
const script = outputFiles[0].text;
const sheets = [
  readFileSync(join(tools, "node_modules/slack-blocks-to-jsx/dist/style.css"), "utf8"),
  readFileSync(join(here, "page.css"), "utf8"),
];

const chromium = await puppeteer.launch({ executablePath: browser, args: ["--no-sandbox"] });
const page = await chromium.newPage();
await page.setViewport({ width: 760, height: 400, deviceScaleFactor: 1.25 });
const names = readdirSync(surfaces).filter((name) => name.endsWith(".json"));
for (const name of names) {
  const surface = JSON.parse(readFileSync(join(surfaces, name), "utf8"));
  const mistakes = [];
  page.removeAllListeners("pageerror");
  page.on("pageerror", (error) => mistakes.push(error));
  await page.setContent(`<style>${sheets.join("\n")}</style><div id="surface"></div>`);
  await page.evaluate((surface) => { window.surface = surface; }, surface);
  await page.addScriptTag({ content: script });
  await page.waitForNetworkIdle();
  // The renderer takes `:N/AC:` of a vector for an emoji that it does not know, and doubles colons.
  await page.evaluate(() => {
    const texts = document.createTreeWalker(document.querySelector("#surface"), NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll("::", ":");
  });
  if (mistakes.length > 0) throw mistakes[0];
  const shot = upng.decode(await (await page.$("#surface")).screenshot({ type: "png" }));
  // A palette is enough for text, and a third of the size.
  const picture = Buffer.from(upng.encode(upng.toRGBA8(shot), shot.width, shot.height, COLOURS));
  writeFileSync(join(here, name.replace(/json$/, "png")), picture);
  console.log(`${name}: ${Math.round(picture.length / 1024)} KiB`);
}
await chromium.close();
