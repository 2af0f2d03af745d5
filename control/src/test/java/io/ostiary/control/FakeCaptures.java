package io.ostiary.control;

import io.ostiary.model.capture.CallNames;
import io.ostiary.model.capture.Capture;
import io.ostiary.model.capture.CaptureRefusedException;
import io.ostiary.model.capture.CaptureRequest;
import io.ostiary.model.capture.Layer;
import io.ostiary.model.capture.PacketCaptures;
import io.ostiary.model.capture.PacketDetail;
import io.ostiary.model.capture.PacketLine;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Captures of one dropped packet each.
final class FakeCaptures implements PacketCaptures {
  final List<CaptureRequest> requests = new ArrayList<>();
  private final List<Capture> captures = new ArrayList<>();

  @Override
  public List<Capture> list() {
    return captures.reversed();
  }

  @Override
  public Optional<Capture> find(String id) {
    return captures.stream().filter(one -> one.id().equals(id)).findFirst();
  }

  @Override
  public Capture start(CaptureRequest request, String by) throws CaptureRefusedException {
    if (request.packetsMax() == 13) {
      throw new CaptureRefusedException("captures: the disk is full (expected: room)");
    }
    requests.add(request);
    var begun =
        new Capture(
            "c" + requests.size(),
            by,
            "all",
            Fixture.START,
            null,
            Capture.State.RUNNING,
            "",
            1,
            100,
            0,
            false,
            request.api(),
            request.call());
    captures.add(begun);
    return begun;
  }

  @Override
  public Optional<Capture> stop(String id) {
    return find(id);
  }

  @Override
  public Optional<Capture> delete(String id) {
    var found = find(id);
    found.ifPresent(captures::remove);
    return found;
  }

  @Override
  public void write(String id, CallNames calls, boolean follow, OutputStream to)
      throws IOException {
    to.write("packets".getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public List<PacketLine> packets(String id, CallNames calls, long after, int limit) {
    return List.of(line(calls));
  }

  private static PacketLine line(CallNames calls) {
    var call = calls.at(InetAddress.ofLiteral("198.18.0.7"), 51_234, Fixture.START);
    return new PacketLine(
        1,
        Fixture.START,
        "eth0",
        false,
        true,
        "dropped: deny-rule, rule 1",
        "198.18.0.7:51234",
        "198.18.0.1:8080",
        "TCP 51234 → 8080 [SYN]",
        74,
        74,
        call == null ? null : call.id());
  }

  @Override
  public Optional<PacketDetail> packet(String id, CallNames calls, long number) {
    var field = new Layer.Field("eth.type", "type", "0x0800", 12, 2);
    var layer = new Layer(Layer.Part.HEADER, "eth", "Ethernet", 0, 14, List.of(field));
    return number == 1
        ? Optional.of(new PacketDetail(line(calls), List.of(layer), "00", ""))
        : Optional.empty();
  }

  @Override
  public Status status() {
    return new Status(true, "", Duration.ofSeconds(5), 4750, 0, 100, 1 << 20);
  }
}
