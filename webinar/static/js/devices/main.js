/**
 * The device test: each check says how it is in plain words, and the one thing to do when it is not well.
 */

import { Texts, boot, need } from "../common/boot.js";
import { CameraTest } from "./camera.js";
import { way } from "./network.js";
import { plays, staysAwake } from "./player.js";
import { HeardTest } from "./sound.js";

/**
 * @typedef {{presenter: boolean, path_url: string, udp_port: number, texts: Record<string, string>}} Boot
 * @typedef {"good" | "warn" | "bad" | "open"} Grade open: not known, or to be tried by hand
 */

/** @type {Record<Grade, string>} */
const ICONS = { good: "check", warn: "alert", bad: "alert", open: "clock" };

class DeviceTest {
  /** @param {Boot} page */
  constructor(page) {
    this.page = page;
    this.texts = new Texts(page.texts);
    this.root = need("[data-test=root]", HTMLElement);
    this.sum = need("[data-test=sum]", HTMLElement);
    const sound = new HeardTest(need("[data-check=sound]", HTMLElement, this.root));
    sound.addEventListener("heard", (event) => {
      const heard = /** @type {CustomEvent} */ (event).detail;
      this.#result("sound", heard ? "good" : "bad", heard ? "sound_good" : "sound_bad");
    });
    if (page.presenter) this.#presenter();
    this.#player();
    this.#awake();
    void this.#network();
    need("[data-test=again]", HTMLButtonElement).addEventListener("click", () => void this.#network());
  }

  #player() {
    const found = plays();
    const grade = { live: "good", delayed: "warn", none: "bad" }[found];
    this.#result("player", /** @type {Grade} */ (grade), `player_${found}`);
  }

  #awake() {
    const yes = staysAwake();
    this.#result("awake", yes ? "good" : "warn", yes ? "awake_good" : "awake_bad");
  }

  async #network() {
    this.#result("network", "open", "network_trying");
    const found = await way(this.page.path_url);
    const grade = { good: "good", slow: "warn", busy: "open", away: "bad" }[found];
    this.#result("network", /** @type {Grade} */ (grade), `network_${found}`, { port: this.page.udp_port });
  }

  #presenter() {
    const camera = new CameraTest(need("[data-camera=root]", HTMLElement, this.root));
    camera.addEventListener("opened", (event) => {
      const { camera: picture, microphone } = /** @type {CustomEvent} */ (event).detail;
      this.#result("camera", picture ? "bad" : "good", picture ? `camera_${picture}` : "camera_good");
      this.#result("microphone", microphone ? "bad" : "open", microphone ? `microphone_${microphone}` : "microphone_speak");
    });
    camera.addEventListener("heard", () => this.#result("microphone", "good", "microphone_good"));
    camera.addEventListener("recorded", () => this.#result("echo", "good", "echo_done"));
  }

  /**
   * @param {string} name
   * @param {Grade} grade
   * @param {string} text
   * @param {Record<string, string | number>} [values]
   */
  #result(name, grade, text, values) {
    const card = need(`[data-check=${name}]`, HTMLElement, this.root);
    card.dataset.grade = grade;
    need("[data-test=words]", HTMLElement, card).textContent = this.texts.say(text, values);
    card.querySelector(".device__mark use")?.setAttribute("href", `#i-${ICONS[grade]}`);
    this.#summed();
  }

  /** One sentence on top: all is well, something has to be looked at, or there is still something to try. */
  #summed() {
    const grades = [...this.root.querySelectorAll("[data-check]")].map((card) => /** @type {HTMLElement} */ (card).dataset.grade);
    const count = (/** @type {Grade} */ grade) => grades.filter((one) => one === grade).length;
    const worst = count("bad") ? "bad" : count("warn") ? "warn" : count("open") ? "open" : "good";
    this.sum.dataset.grade = worst;
    this.sum.querySelector("use")?.setAttribute("href", `#i-${ICONS[worst]}`);
    need("span", HTMLElement, this.sum).textContent = this.texts.say(`sum_${worst}`, { n: count("bad") + count("warn") });
  }
}

new DeviceTest(boot());
