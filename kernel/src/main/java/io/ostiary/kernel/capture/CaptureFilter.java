package io.ostiary.kernel.capture;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.ostiary.kernel.capture.CapturedPacket.Verdict;
import io.ostiary.model.Cidr;
import io.ostiary.model.Require;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which packets one capture wants, in the terms of the kernel program, and how much of each. What
/// is null, empty or 0 matches everything.
///
/// @param peer who is at the other end: the source of what comes in, the destination of what leaves
/// @param ports at either end, any of them, at most 4
/// @param peerPort of the other end
/// @param protocol such as 6 for TCP
/// @param reasons numbers of `reason.h`
/// @param rule as [CapturedPacket#rule] has it, or [CapturedPacket#NO_RULE] for any
/// @param snap bytes to copy, 0-65535
/// @param oneOf takes one packet of so many, by chance
public record CaptureFilter(
    @Nullable Cidr peer,
    List<Integer> ports,
    int peerPort,
    int protocol,
    Set<Verdict> verdicts,
    Set<Integer> reasons,
    int rule,
    int interfaceIndex,
    boolean in,
    boolean out,
    int snap,
    int oneOf) {
  public CaptureFilter {
    ports = List.copyOf(ports);
    verdicts = Set.copyOf(verdicts);
    reasons = Set.copyOf(reasons);
    Require.between("ports (how many)", ports.size(), 0, CaptureMemory.PORTS);
    Require.between("snap", snap, 0, CaptureMemory.LARGE);
    Require.between("oneOf", oneOf, 1, 1_000_000);
  }

  /// Every packet in both directions.
  public static CaptureFilter all(int snap) {
    return new CaptureFilter(
        null,
        List.of(),
        0,
        0,
        Set.of(Verdict.values()),
        Set.of(),
        CapturedPacket.NO_RULE,
        0,
        true,
        true,
        snap,
        1);
  }

  /// The same choice for a packet that was copied before anybody asked; the program makes it for
  /// all others.
  boolean matches(CapturedPacket packet) {
    boolean leaves = packet.out();
    if (!verdicts.contains(packet.verdict()) || !(leaves ? out : in)) {
      return false;
    }
    if (rule != CapturedPacket.NO_RULE && rule != packet.rule()) {
      return false;
    }
    if (interfaceIndex != 0 && interfaceIndex != packet.interfaceIndex()) {
      return false;
    }
    return (reasons.isEmpty() || reasons.contains(packet.reason()))
        && matches(Headers.of(packet.bytes()), leaves);
  }

  private boolean matches(Headers headers, boolean leaves) {
    var other = leaves ? headers.destination() : headers.source();
    int otherPort = leaves ? headers.destinationPort() : headers.sourcePort();
    int ownPort = leaves ? headers.sourcePort() : headers.destinationPort();
    return (peer == null || (other != null && peer.contains(other)))
        && (ports.isEmpty() || ports.contains(ownPort) || ports.contains(otherPort))
        && (peerPort == 0 || peerPort == otherPort)
        && (protocol == 0 || protocol == headers.protocol());
  }

  /// Lays it out as `struct capture_filter`.
  void write(MemorySegment into) {
    into.fill((byte) 0);
    writePeer(into);
    into.set(JAVA_INT, CaptureMemory.REASONS, bits(reasons));
    into.set(JAVA_INT, CaptureMemory.INTERFACE, interfaceIndex);
    into.set(JAVA_INT, CaptureMemory.SNAP, snap);
    into.set(JAVA_INT, CaptureMemory.SAMPLE, oneOf == 1 ? 0 : (int) (0xffff_ffffL / oneOf));
    for (int i = 0; i < ports.size(); i++) {
      into.set(JAVA_SHORT, CaptureMemory.FILTER_PORTS + 2L * i, (short) (int) ports.get(i));
    }
    into.set(JAVA_SHORT, CaptureMemory.PEER_PORT, (short) peerPort);
    into.set(
        JAVA_SHORT, CaptureMemory.RULE, (short) (rule == CapturedPacket.NO_RULE ? 0 : rule + 1));
    into.set(JAVA_BYTE, CaptureMemory.PROTOCOL, (byte) protocol);
    int wanted = verdicts.stream().mapToInt(Verdict::bit).reduce(0, (a, b) -> a | b);
    into.set(JAVA_BYTE, CaptureMemory.VERDICTS, (byte) wanted);
    int directions = (in ? CaptureMemory.IN : 0) | (out ? CaptureMemory.OUT : 0);
    into.set(JAVA_BYTE, CaptureMemory.DIRECTIONS, (byte) directions);
  }

  private static int bits(Set<Integer> numbers) {
    return numbers.stream().mapToInt(number -> 1 << number).reduce(0, (a, b) -> a | b);
  }

  /// In the form of the program's packets: IPv4 behind ::ffff:0:0.
  private void writePeer(MemorySegment into) {
    if (peer == null) {
      return;
    }
    var address = peer.address().getAddress();
    int shift = 16 - address.length;
    int prefix = peer.prefix() + 8 * shift;
    for (int i = 0; i < 16; i++) {
      int bits = Math.clamp(prefix - 8L * i, 0, 8);
      int mask = 0xff00 >> bits & 0xff;
      int value = i >= shift ? address[i - shift] : i >= 10 ? 0xff : 0;
      into.set(JAVA_BYTE, CaptureMemory.MASK + i, (byte) mask);
      into.set(JAVA_BYTE, CaptureMemory.PEER + i, (byte) (value & mask));
    }
  }
}
