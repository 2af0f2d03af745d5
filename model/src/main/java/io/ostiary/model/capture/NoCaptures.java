package io.ostiary.model.capture;

import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Nothing captured and nothing to capture.
record NoCaptures(String sentence) implements PacketCaptures {
  @Override
  public List<Capture> list() {
    return List.of();
  }

  @Override
  public Optional<Capture> find(String id) {
    return Optional.empty();
  }

  @Override
  public Capture start(CaptureRequest request, String by) throws CaptureRefusedException {
    throw new CaptureRefusedException("captures: no packets to take. " + sentence);
  }

  @Override
  public Optional<Capture> stop(String id) {
    return Optional.empty();
  }

  @Override
  public Optional<Capture> delete(String id) {
    return Optional.empty();
  }

  @Override
  public void write(String id, CallNames calls, boolean follow, OutputStream to)
      throws CaptureRefusedException {
    throw missing(id);
  }

  @Override
  public List<PacketLine> packets(String id, CallNames calls, long after, int limit)
      throws CaptureRefusedException {
    throw missing(id);
  }

  @Override
  public Optional<PacketDetail> packet(String id, CallNames calls, long number)
      throws CaptureRefusedException {
    throw missing(id);
  }

  private static CaptureRefusedException missing(String id) {
    return new CaptureRefusedException("capture: " + id + " does not exist");
  }

  @Override
  public Status status() {
    return new Status(false, sentence, Duration.ZERO, 0, 0, 0, 0);
  }
}
