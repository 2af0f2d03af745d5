package io.ostiary.kernel.bench;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.NetworkInterface;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/// Sends UDP packets from many sources to port 9999 of 198.18.0.1, for [DropBench], which runs it
/// in the namespace of the sender and tells it by lines how long and how fast.
public final class Flooder {
  static final int PORT = 9999;

  /// A test run waits for all CPUs when it begins and when it ends, some 10 ms: with few frames in
  /// each the sender would mostly wait, and the receiver be measured half asleep.
  private static final int FRAMES = 500_000;

  /// A quarter of what the ring of a veth holds, so that the flood itself loses nothing there.
  private static final int FRAMES_PACED = 64;

  private Flooder() {}

  /// @param args the interface to send from, and the Ethernet address to send to
  static void main(String[] args) throws Exception {
    var device = NetworkInterface.getByName(args[0]);
    if (device == null) {
      throw new IOException("interface: " + args[0] + " (expected: one of this namespace)");
    }
    var packet = packet(HexFormat.ofDelimiter(":").parseHex(args[1]), device.getHardwareAddress());
    byte[] elf;
    try (var stream = Flooder.class.getResourceAsStream("/bpf/flood.bpf.o")) {
      if (stream == null) {
        throw new IOException("/bpf/flood.bpf.o is not on the class path");
      }
      elf = stream.readAllBytes();
    }
    var settings = Map.of("flood_interface", device.getIndex());
    try (var object = BpfObject.load("flood", elf, opened -> opened.set(settings));
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      Commands.say("ready");
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        var words = line.split(" ");
        Commands.say(
            "sent "
                + flood(object, packet, Double.parseDouble(words[0]), Long.parseLong(words[1])));
      }
    }
  }

  /// @param rate packets a second; 0 for as many as possible
  private static long flood(BpfObject object, byte[] packet, double seconds, long rate)
      throws LibbpfException {
    var run = object.testRun(object.program("flood"));
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    long sent = 0;
    while (System.nanoTime() < end) {
      int frames = rate == 0 ? FRAMES : FRAMES_PACED;
      run.live(packet, frames);
      sent += frames;
      if (rate > 0) {
        long due = start + (long) (sent * 1e9 / rate);
        LockSupport.parkNanos(Math.min(due, end) - System.nanoTime());
      }
    }
    return sent;
  }

  /// 60 bytes and no checksum in UDP, which IPv4 allows; the program fills in source and header
  /// checksum.
  private static byte[] packet(byte[] to, byte[] from) {
    return ByteBuffer.allocate(60)
        .put(to)
        .put(from)
        .put(HexFormat.of().parseHex("0800" + "4500002e000040004011" + "0000" + "c6130001c6120001"))
        .putShort((short) 5353)
        .putShort((short) PORT)
        .putShort((short) 26)
        .array();
  }
}
