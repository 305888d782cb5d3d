"""Knows how the library's stages hang together in Dagster; leaves all that they do to `zjtx_pipeline`."""
