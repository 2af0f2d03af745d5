package io.ostiary.server.e2e;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/// Opens connections from one address, one every few milliseconds, and prints when each one began
/// that was answered: the last line before a silence is the moment a rule came into force.
final class Knocker {
  private static final int ANSWER_MILLIS = 50;
  private static final int PAUSE_MILLIS = 3;

  private Knocker() {}

  /// @param args source address, address and port to knock at, milliseconds to go on
  public static void main(String[] args) throws InterruptedException {
    var source = new InetSocketAddress(InetAddress.ofLiteral(args[0]), 0);
    var door = new InetSocketAddress(InetAddress.ofLiteral(args[1]), Integer.parseInt(args[2]));
    long end = System.currentTimeMillis() + Long.parseLong(args[3]);
    while (System.currentTimeMillis() < end) {
      long began = System.currentTimeMillis();
      if (opens(source, door)) {
        System.out.println(began);
      }
      Thread.sleep(PAUSE_MILLIS);
    }
  }

  private static boolean opens(InetSocketAddress source, InetSocketAddress door) {
    try (var socket = new Socket()) {
      socket.bind(source);
      socket.connect(door, ANSWER_MILLIS);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
