// A carousel by satori and resvg, as @vercel/og runs them. Neither measures for a caller, so the
// sizes are given; neither writes JPEG.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";

const [room, file, folder, , times] = process.argv.slice(2);
const require = createRequire(`${room}/`);
const { default: satori } = require("satori");
const { Resvg } = require("@resvg/resvg-js");
const spec = JSON.parse(readFileSync(file, "utf8"));
const data = (name) => `data:image/png;base64,${readFileSync(name).toString("base64")}`;
const [ground, logo] = [data(spec.background), data(spec.logo)];
const fonts = [
  { name: "Heading", data: readFileSync(spec.heading_font) },
  { name: "Body", data: readFileSync(spec.body_font) },
];
const box = (style, children) => ({ type: "div", props: { style: { display: "flex", ...style }, children } });
const picture = (src, style, width, height) => ({ type: "img", props: { src, style, width, height } });
const whole = { position: "absolute", left: 0, top: 0, width: 1080, height: 1350 };

for (let time = 0; time < Number(times); time += 1) {
  for (const [number, [heading, body]] of spec.slides.entries()) {
    const size = heading.length > 25 ? 100 : 112;
    const page = box({ width: 1080, height: 1350, color: "white" }, [
      picture(ground, whole, 1080, 1350),
      box({ ...whole, backgroundImage: "linear-gradient(rgba(0,0,0,0) 22%, rgba(0,0,0,.88))" }),
      box({ position: "absolute", left: 81, top: 520, width: 918, flexDirection: "column" }, [
        box({ fontFamily: "Heading", fontSize: size, lineHeight: 1.15, marginBottom: 43 }, heading),
        box({ fontFamily: "Body", fontSize: 48, lineHeight: 1.15 }, body),
      ]),
      picture(logo, { position: "absolute", left: 81, top: 1180 }, 89, 89),
      box({ position: "absolute", left: 196, top: 1205, fontFamily: "Body", fontSize: 34 }, spec.handle),
    ]);
    const svg = await satori(page, { width: 1080, height: 1350, fonts });
    writeFileSync(`${folder}/${number}.png`, new Resvg(svg).render().asPng());
  }
}
