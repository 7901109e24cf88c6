"""Running ffmpeg and ffprobe: where they are, how they may open a file, and what they may take."""
