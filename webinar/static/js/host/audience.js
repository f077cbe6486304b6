// The overview's menu of the audience, while the event is not over.
import { Texts, boot, need } from "../common/boot.js";
import { Api } from "../studio/api.js";
import { Audience } from "../studio/audience.js";

const { event, api_base: base, token, texts } = boot();
new Audience(need("[data-audience=root]", HTMLDetailsElement), new Api(base, event.id, token), new Texts(texts));
