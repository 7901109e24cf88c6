"""The media tools: pictures, reels, and the probe. The only room that knows Pillow and ffmpeg."""
