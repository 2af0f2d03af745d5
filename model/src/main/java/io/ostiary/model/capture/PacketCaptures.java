package io.ostiary.model.capture;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Captures of packets, running and kept. Implemented by the `kernel` room; its callers are
/// control-plane threads, never event loops.
public interface PacketCaptures {
  /// The newest first.
  List<Capture> list();

  Optional<Capture> find(String id);

  /// Begins one.
  ///
  /// @param by who asked
  Capture start(CaptureRequest request, String by) throws CaptureRefusedException;

  /// Ends one that runs; one that has ended stays as it is.
  Optional<Capture> stop(String id);

  /// Ends it and removes its file.
  ///
  /// @return what was removed
  Optional<Capture> delete(String id) throws CaptureRefusedException;

  /// Writes a capture as pcap-ng, with the ids of calls that the ledger knows by now. Of a capture
  /// that was asked for by API only the packets of its calls are written.
  ///
  /// @param follow waits for what a running capture will still take, until it ends
  void write(String id, CallNames calls, boolean follow, OutputStream to)
      throws IOException, CaptureRefusedException;

  /// Packets in the order of the file.
  ///
  /// @param after the number of the last packet before them, 0 for the first
  List<PacketLine> packets(String id, CallNames calls, long after, int limit)
      throws IOException, CaptureRefusedException;

  Optional<PacketDetail> packet(String id, CallNames calls, long number)
      throws IOException, CaptureRefusedException;

  /// What captures cost and hold right now.
  Status status();

  /// @param possible whether one can begin
  /// @param sentence what is missing and how to grant it; empty where they are possible
  /// @param lastSeconds how far back packets are kept before anybody asks; zero: not at all
  /// @param packetsPerSecondMax how many of these are kept of each CPU
  /// @param skipped packets that the last seconds do not hold, being over this
  /// @param bytes of all files
  /// @param bytesMax what they may take together
  record Status(
      boolean possible,
      String sentence,
      Duration lastSeconds,
      long packetsPerSecondMax,
      long skipped,
      long bytes,
      long bytesMax) {}

  /// Used where the kernel side does not run and nothing was kept.
  ///
  /// @param sentence why
  static PacketCaptures none(String sentence) {
    return new NoCaptures(sentence);
  }
}
