package io.ostiary.kernel.capture;

import io.ostiary.kernel.capture.PcapNgReader.Block;
import io.ostiary.model.AddressText;
import io.ostiary.model.capture.CallNames;
import io.ostiary.model.capture.CallNames.NamedCall;
import io.ostiary.model.capture.PacketDetail;
import io.ostiary.model.capture.PacketLine;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Reads a capture for people: as pcap-ng with the ids of calls, as lines, or one packet taken
/// apart. Calls are looked up now, not when the packet came: the ledger knows a call once it has
/// ended. Confined to one thread.
final class CaptureReading implements AutoCloseable {
  /// A call is in the ledger by then, if it ended with the packet.
  private static final long SETTLED_MILLIS = 1500;

  private static final String CALL = "call ";

  private final WholeBlocks file;
  private final PcapNgReader reader;
  private final CallNames calls;
  private final @Nullable String api;
  private final List<Block.Interface> devices = new ArrayList<>();

  /// @param api of whose calls alone packets are wanted, or null
  CaptureReading(WholeBlocks file, CallNames calls, @Nullable String api) {
    this.file = file;
    this.reader = new PcapNgReader(file);
    this.calls = calls;
    this.api = api;
  }

  /// The whole capture; flushed whenever there is nothing more to read at once.
  void write(OutputStream to) throws IOException {
    var writer = new PcapNgWriter(to);
    for (var block = reader.next(); block != null; block = reader.next()) {
      switch (block) {
        case Block.Section(var comments) -> writer.begin("Ostiary", comments);
        case Block.Interface(var name, int snap, var filter) -> writer.describe(name, snap, filter);
        case Block.OnePacket(var packet) -> {
          if (api != null) {
            settle(packet.nanos());
          }
          var call = call(packet);
          if (isWanted(call)) {
            writer.packet(withCall(packet, call));
          }
        }
        case Block.Statistics one ->
            writer.statistics(
                one.interfaceNumber(), one.start(), one.end(), one.accepted(), one.lost());
        case Block.Other _ -> {}
      }
      if (!file.ready()) {
        to.flush();
      }
    }
    to.flush();
  }

  private static void settle(long nanos) throws IOException {
    long wait = nanos / 1_000_000 + SETTLED_MILLIS - System.currentTimeMillis();
    if (wait > 0) {
      try {
        Thread.sleep(Math.min(wait, SETTLED_MILLIS));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new java.io.InterruptedIOException("interrupted while a capture was followed");
      }
    }
  }

  private boolean isWanted(@Nullable NamedCall call) {
    return api == null || (call != null && api.equals(call.api()));
  }

  private static PcapNgWriter.Packet withCall(
      PcapNgWriter.Packet packet, @Nullable NamedCall call) {
    if (call == null) {
      return packet;
    }
    var comments = new ArrayList<>(packet.comments());
    comments.add(CALL + call.id() + (call.api() == null ? "" : " of " + call.api()));
    return new PcapNgWriter.Packet(
        packet.interfaceNumber(),
        packet.nanos(),
        packet.bytes(),
        packet.wire(),
        packet.flags(),
        packet.verdict(),
        comments);
  }

  private @Nullable NamedCall call(PcapNgWriter.Packet packet) {
    var headers = Headers.of(packet.bytes());
    if (!headers.is(Headers.TCP)) {
      return null;
    }
    boolean leaves = packet.flags() == PcapNgWriter.OUTBOUND;
    var at = Instant.ofEpochSecond(0, packet.nanos());
    // On loopback answers come in as well, so the other way round is worth a try.
    var call = leaves ? null : find(headers.source(), headers.sourcePort(), at);
    return call == null ? find(headers.destination(), headers.destinationPort(), at) : call;
  }

  private @Nullable NamedCall find(java.net.@Nullable InetAddress peer, int port, Instant at) {
    return peer == null ? null : calls.at(peer, port, at);
  }

  List<PacketLine> lines(long after, int limit) throws IOException {
    var lines = new ArrayList<PacketLine>();
    long number = 0;
    for (var packet = next(); packet != null && lines.size() < limit; packet = next()) {
      number++;
      if (number > after) {
        var call = call(packet);
        if (isWanted(call)) {
          lines.add(line(number, packet, call));
        }
      }
    }
    return lines;
  }

  Optional<PacketDetail> detail(long wanted) throws IOException {
    long number = 0;
    for (var packet = next(); packet != null; packet = next()) {
      if (++number == wanted) {
        var call = call(packet);
        if (!isWanted(call)) {
          return Optional.empty();
        }
        int missing = packet.wire() - packet.bytes().length;
        return Optional.of(
            new PacketDetail(
                line(number, packet, call),
                Dissector.dissect(packet.bytes(), packet.wire()),
                HexFormat.of().formatHex(packet.bytes()),
                missing > 0
                    ? "%d of %d bytes are not kept: cut at the snap length, or as a body"
                        .formatted(missing, packet.wire())
                    : ""));
      }
    }
    return Optional.empty();
  }

  private PcapNgWriter.@Nullable Packet next() throws IOException {
    for (var block = reader.next(); block != null; block = reader.next()) {
      if (block instanceof Block.Interface device) {
        devices.add(device);
      } else if (block instanceof Block.OnePacket(var packet)) {
        return packet;
      }
    }
    return null;
  }

  private PacketLine line(long number, PcapNgWriter.Packet packet, @Nullable NamedCall call) {
    var headers = Headers.of(packet.bytes());
    var layers = Dissector.dissect(packet.bytes(), packet.wire());
    var comment = String.join("; ", packet.comments());
    int device = packet.interfaceNumber();
    return new PacketLine(
        number,
        Instant.ofEpochSecond(0, packet.nanos()),
        device < devices.size() ? devices.get(device).name() : "?",
        packet.flags() == PcapNgWriter.OUTBOUND,
        comment.startsWith(Verdicts.DROPPED),
        comment,
        end(headers.source(), headers.sourcePort()),
        end(headers.destination(), headers.destinationPort()),
        Summary.of(layers),
        packet.wire(),
        packet.bytes().length,
        call == null ? null : call.id());
  }

  private static String end(java.net.@Nullable InetAddress address, int port) {
    if (address == null) {
      return "";
    }
    return port < 0 ? AddressText.of(address) : AddressText.of(address, port);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
