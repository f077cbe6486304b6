"""The FFmpeg command line that does what a live session does with a clip: what the ladder's cost is held against."""

from __future__ import annotations

import resource
import subprocess
import tempfile
from pathlib import Path

from ingest.encode.ladder import AAC_BITRATE, GOP_FRAMES, OPUS_BITRATE, Ladder


def command(path: Path, ladder: Ladder, out: Path) -> list[str]:
    """FFmpeg's: the same ladder, each rendition as fragmented MP4, the Opus as it comes."""
    names = [f"v{n}" for n in range(len(ladder.rungs))]
    graph = f"[0:v]split={len(names)}" + "".join(f"[s{n}]" for n in names)
    for name, rung in zip(names, ladder.rungs, strict=True):
        graph += f";[s{name}]scale={rung.width}:{rung.height}:flags=bilinear[{name}]"
    found = ["ffmpeg", "-v", "error", "-y", "-nostdin", "-threads", "1", "-c:a", "libopus", "-i", str(path)]
    found += ["-filter_complex_threads", "1", "-filter_complex", graph]
    movie = ["-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-frag_duration", "500000"]
    for name, rung in zip(names, ladder.rungs, strict=True):
        found += ["-map", f"[{name}]", "-c:v", "libx264", "-threads", "1", "-preset", ladder.preset]
        found += ["-tune", "zerolatency", "-profile:v", "baseline", "-level", str(rung.level), "-g", str(GOP_FRAMES)]
        found += ["-forced-idr", "1", "-sc_threshold", "0", "-bf", "0", "-b:v", str(rung.bitrate)]
        found += ["-maxrate", str(rung.bitrate * 6 // 5), "-bufsize", str(rung.bitrate * 2 // 3)]
        x264 = "scenecut=0:open_gop=0:bframes=0:sliced-threads=0:threads=1:min-keyint=1:repeat-headers=1"
        found += ["-x264-params", x264, *movie, str(out / f"{rung.name}.mp4")]
    found += ["-map", "0:a", "-c:a", "aac", "-b:a", str(AAC_BITRATE), *movie, str(out / "audio.mp4")]
    found += ["-map", "0:a", "-c:a", "libopus", "-b:a", str(OPUS_BITRATE), "-fec", "1", "-packet_loss", "5"]
    return [*found, "-f", "opus", str(out / "opus.opus")]


def theirs(path: Path, ladder: Ladder) -> dict[str, float]:
    """CPU seconds of the FFmpeg command line on the clip."""
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command(path, ladder, Path(folder)), check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
    return {"cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, "bytes": size}
