// A carousel by @napi-rs/canvas: picture and fonts are loaded once, slides follow each other.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";

const [room, file, folder, kind, times] = process.argv.slice(2);
const { GlobalFonts, createCanvas, loadImage } = createRequire(`${room}/`)("@napi-rs/canvas");
const spec = JSON.parse(readFileSync(file, "utf8"));
const [width, height, left, top, leading] = [1080, 1350, 81, 520, 1.15];
GlobalFonts.registerFromPath(spec.heading_font, "Heading");
GlobalFonts.registerFromPath(spec.body_font, "Body");

function fitted(pen, text, family, [wide, high, low, most]) {
  let best = [low, [text]];
  while (low <= most) {
    const size = (low + most) >> 1;
    pen.font = `${size}px ${family}`;
    const lines = [];
    for (const word of text.split(" ")) {
      const joined = lines.length ? `${lines.at(-1)} ${word}` : word;
      if (lines.length && pen.measureText(joined).width <= wide) lines[lines.length - 1] = joined;
      else lines.push(word);
    }
    const longest = Math.max(...lines.map((line) => pen.measureText(line).width));
    if (longest <= wide && lines.length * size * leading <= high) {
      best = [size, lines];
      low = size + 1;
    } else most = size - 1;
  }
  return best;
}

for (let time = 0; time < Number(times); time += 1) {
  const ground = await loadImage(spec.background);
  const logo = await loadImage(spec.logo);
  for (const [number, [heading, body]] of spec.slides.entries()) {
    const canvas = createCanvas(width, height);
    const pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(ground, 0, 0, width, height);
    const fade = pen.createLinearGradient(0, 300, 0, height);
    fade.addColorStop(0, "rgba(0,0,0,0)");
    fade.addColorStop(1, "rgba(0,0,0,.88)");
    pen.fillStyle = fade;
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = "white";
    pen.fillRect(left, top - 40, 119, 12);
    let y = top;
    for (const [text, family, box] of [
      [heading, "Heading", [918, 389, 49, 112]],
      [body, "Body", [918, 300, 32, 56]],
    ]) {
      const [size, lines] = fitted(pen, text, family, box);
      pen.font = `${size}px ${family}`;
      for (const line of lines) pen.fillText(line, left, (y += size * leading));
      y += 43;
    }
    pen.drawImage(logo, left, height - 170, 89, 89);
    pen.font = "34px Body";
    pen.fillText(spec.handle, left + 115, height - 114);
    const bytes = kind === "png" ? canvas.encodeSync("png") : canvas.encodeSync("jpeg", 90);
    writeFileSync(`${folder}/${number}.${kind}`, bytes);
  }
}
