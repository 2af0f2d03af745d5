package io.ostiary.kernel.shield;

/// What one ban has dropped, or would have in dry-run.
public record BanHits(long packets, long bytes) {}
