"""The adapters: each carries the ports to one kind of world and knows no other adapter."""
