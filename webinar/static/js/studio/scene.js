/**
 * What viewers see, as the presenter chose it from what there is. Pure: a choice in, the way to send it out.
 */

/**
 * @typedef {"camera" | "content" | "side" | "corner" | "hold"} Layout content: the screen or the slides
 * @typedef {"screen" | "slides"} Content
 * @typedef {"tl" | "tr" | "bl" | "br"} Corner top or bottom, left or right
 * @typedef {{camera: boolean, screen: boolean, slides: boolean}} Sources
 * @typedef {{layout: Layout, content: Content, corner: Corner, silent: boolean} & Sources} Scene
 *   silent: nothing is heard while the holding picture is up
 * @typedef {{way: "none"} | {way: "direct", source: "camera" | "screen"} | {way: "composed"}} Plan
 */

/** In the order of the keys 1 to 5. @type {readonly Layout[]} */
export const LAYOUTS = ["camera", "content", "side", "corner", "hold"];

/** @type {Readonly<Scene>} */
export const START = {
  layout: "camera", content: "screen", corner: "br", silent: true, camera: false, screen: false, slides: false,
};

/**
 * @param {Scene} scene
 * @param {Layout} layout
 * @returns {boolean} whether there is what it shows
 */
export function possible(scene, layout) {
  const content = scene.screen || scene.slides;
  if (layout === "camera") return scene.camera;
  if (layout === "content") return content;
  return layout === "hold" || (scene.camera && content);
}

/**
 * The same choice with other sources: what comes is shown, what goes makes room for what is left.
 * @param {Scene} before
 * @param {Sources} sources
 * @returns {Scene}
 */
export function changed(before, sources) {
  const scene = { ...before, ...sources };
  /** @type {Content | null} */
  const came = !before.screen && sources.screen ? "screen" : !before.slides && sources.slides ? "slides" : null;
  if (came) scene.content = came;
  else if (!scene[scene.content] && (scene.screen || scene.slides)) scene.content = scene.screen ? "screen" : "slides";
  if (scene.layout === "hold") return scene;
  // Whoever shares something wants it seen; beside the camera it is seen already.
  if (came && !possible(before, "content")) scene.layout = "content";
  if (!possible(scene, scene.layout)) scene.layout = scene.camera || !possible(scene, "content") ? "camera" : "content";
  return scene;
}

/**
 * One source that fills the picture goes out as it is, in its own size and without the work of painting it.
 * @param {Scene} scene
 * @returns {Plan}
 */
export function plan(scene) {
  if (!possible(scene, scene.layout)) return { way: "none" };
  if (scene.layout === "camera") return { way: "direct", source: "camera" };
  if (scene.layout === "content" && scene.content === "screen") return { way: "direct", source: "screen" };
  return { way: "composed" };
}

/**
 * @param {Scene} scene
 * @returns {boolean} whether viewers see a slide
 */
export function showsSlides(scene) {
  return scene.slides && scene.content === "slides" && ["content", "side", "corner"].includes(scene.layout);
}

/**
 * @param {Scene} scene
 * @returns {boolean} whether viewers hear nothing by choice
 */
export function silenced(scene) {
  return scene.layout === "hold" && scene.silent;
}
