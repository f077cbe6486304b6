/**
 * Plays, unless the viewer has paused: `autoplay` says so and outlives sessions. A browser that lets no sound begin by
 * itself gets the picture without it; the large button offers the sound.
 * @param {HTMLVideoElement} video
 */
export function begin(video) {
  if (!video.autoplay) return;
  video.play().catch((error) => {
    if (!(error instanceof DOMException) || error.name !== "NotAllowedError" || video.muted) return;
    video.muted = true;
    video.play().catch(() => {}); // it waits for the click then
  });
}
